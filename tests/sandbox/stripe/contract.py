"""Stripe's OpenAPI document, with which requests and objects of the local Stripe are compared.

It is not part of the repository: it is found by STRIPE_OPENAPI (the document, or its folder) or at
`../shared/contract/`, next to the repository. Without it nothing is compared, and a test says so.
"""

import importlib.util
import os
import re
import warnings
from functools import cache
from pathlib import Path
from typing import Any

from sandbox.stripe.objects import API_VERSION

# What is real, by the reference and the SDK, but not in the part of the document that is here.
NOT_IN_THE_DOCUMENT = re.compile(r"/v1/account|/v1/radar/early_fraud_warnings(/.*)?|/v2/.*")
NO_SCHEMA = ("radar.early_fraud_warning", "v2.core.event_destination")
ROOT = Path(__file__).parents[3]
MISSING = (
    "NOT JUDGED BY STRIPE'S OWN DOCUMENT: set STRIPE_OPENAPI, or put it at ../shared/contract/"
)


@cache
def load_contract() -> Any | None:
    """Return the module with `check_request(method, path, body)` and `check_object(object)`."""
    named = os.environ.get("STRIPE_OPENAPI")
    place = Path(named) if named else ROOT.parent / "shared" / "contract"
    script = (place if place.is_dir() else place.parent) / "stripe_contract.py"
    if not script.is_file():
        return None
    if place.is_file():
        os.environ["SPEC"] = str(place)
    spec = importlib.util.spec_from_file_location("stripe_contract", script)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # it leaves the document open
        spec.loader.exec_module(module)
    return module


def request_problems(method: str, path: str, body: str) -> list[str]:
    """Return the problems of a request; none without a document, or for what is not in it."""
    operation = load_contract()
    if operation is None or NOT_IN_THE_DOCUMENT.fullmatch(path):
        return []
    problems: list[str] = operation.check_request(method, path, body)
    return problems


def object_problems(thing: dict[str, Any]) -> list[str]:
    """Return the problems of an object, an event or a list; none without a document."""
    if thing.get("object") == "list":
        return [problem for each in thing["data"] for problem in object_problems(each)]
    inside, document = thing, load_contract()
    if thing.get("object") == "event":
        inside = thing["data"]["object"]
        if thing["api_version"] != API_VERSION:
            return []  # the document is of one version
    if document is None or inside.get("object") in NO_SCHEMA:
        return []
    problems: list[str] = document.check_object(thing)
    return problems
