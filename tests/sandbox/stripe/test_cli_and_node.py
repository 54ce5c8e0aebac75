"""Stripe's own CLI and its library for Node work on the local Stripe.

`make clis` puts the CLI into .cache/cli, `make clients` the library into .cache/clients.
"""

import asyncio
import json
import os
import shutil
from pathlib import Path

import pytest

from tests.sandbox.stripe.playground import KEY, Json, Playground, local_stripe

ROOT = Path(__file__).parents[3]
CLI = ROOT / ".cache/cli/new/node_modules/.bin/stripe"
NODE_MODULES = ROOT / ".cache/clients/node/node_modules"
PROGRAM = Path(__file__).with_name("clients") / "with_node.mjs"
SECONDS = 120  # a busy machine
pytestmark = pytest.mark.slow

if not (CLI.exists() and NODE_MODULES.is_dir() and shutil.which("node")):
    pytest.skip(
        "Stripe's CLI and library are not here: make clis clients.", allow_module_level=True
    )


async def output_of(*words: str | Path, home: Path) -> str:
    """Run a program without anybody's account or settings; return what it prints."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), "STRIPE_API_KEY": KEY}
    process = await asyncio.create_subprocess_exec(
        *words, cwd=home, env=environment | {"DO_NOT_TRACK": "1"}, stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    output, _ = await asyncio.wait_for(process.communicate(), SECONDS)
    return output.decode()


async def test_stripes_cli_makes_and_reads_objects(tmp_path: Path) -> None:
    async with local_stripe(tmp_path) as play:

        async def cli(verb: str, path: str, *options: str) -> Json:
            address = ("--api-base", play.url, "--confirm")
            printed = await output_of(CLI, verb, path, *options, *address, home=tmp_path)
            answer: Json = json.loads(printed[printed.index("{") :])
            return answer

        customer = await cli("post", "/v1/customers", "-d", "name=Acme", "-d", "metadata[a]=b")
        method = await cli(
            "post", "/v1/payment_methods/pm_card_visa/attach", "-d", f"customer={customer['id']}"
        )
        assert (customer["metadata"], method["card"]["last4"]) == ({"a": "b"}, "4242")
        path = f"/v1/payment_methods/{method['id']}"
        assert (await cli("get", path))["customer"] == customer["id"]
        assert (await cli("get", path, "--expand", "customer"))["customer"] == customer
        listed = await cli("get", "/v1/events", "--limit", "1")
        assert (len(listed["data"]), listed["has_more"]) == (1, True)
        for path, options, words in (
            ("/v1/coupons", (), "does not model GET /v1/coupons"),
            ("/v1/events", ("--stripe-account", "acct_1"), "the header Stripe-Account"),
            ("/v1/events", ("--expand", "data.request"), "expand[data.request]"),
        ):
            assert words in (await cli("get", path, *options))["error"]["message"]


async def facts_of_node(play: Playground, home: Path) -> Json:
    port = play.url.rpartition(":")[2]
    printed = await output_of("node", PROGRAM, NODE_MODULES, port, KEY, home=home)
    assert printed.startswith("{"), printed
    facts: Json = json.loads(printed)
    return facts


async def test_stripes_library_for_node_works_and_hears_what_is_not_there(tmp_path: Path) -> None:
    async with local_stripe(tmp_path) as play:
        facts = await facts_of_node(play, tmp_path)
        assert (facts["status"], facts["same"], facts["plain"]) == (
            "succeeded",
            True,
            facts["charge"],
        )
        assert facts["fee"] > 0
        assert facts["events"] == len(play.stored("event"))
        for name, words in (
            ("unknown", "does not model POST /v1/coupons"),
            ("parameter", "does not model the parameter phone"),
            ("account", "the header Stripe-Account"),
            ("v2", "does not model GET /v2/core/accounts"),
        ):
            assert facts[name]["status"] == 501
            assert words in facts[name]["message"]
        assert facts["conflict"]["status"] == 400
        assert "Keys for idempotent requests" in facts["conflict"]["message"]
