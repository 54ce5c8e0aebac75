"""The form encoding of Stripe's API: nested names in brackets (https://docs.stripe.com/api)."""

import re
from typing import Any
from urllib.parse import parse_qsl

from pydantic import BeforeValidator

from sandbox.refusals import Refusal, not_modelled
from sandbox.store import Json

NAME = re.compile(r"(?P<outer>[^\[\]]+)(?P<inner>(?:\[[^\[\]]*\])*)")
INNER = re.compile(r"\[([^\[\]]*)\]")


def decode_form(form: str) -> Json:
    """Parse a query or a body as nested dicts of text: `a[b][0]=1` is `{"a": {"b": {"0": "1"}}}`.

    `a[]=1` is the next one of a list. Raises Refusal: 400 for a name that cannot be parsed, or one
    that is a value and an object at once; 501 for lists of objects without numbers.
    """
    root: Json = {}
    for key, value in parse_qsl(form, keep_blank_values=True):
        name = NAME.fullmatch(key)
        if name is None:
            raise Refusal(400, f"Invalid parameter name: {key}", param=key)
        _put(root, key, [name["outer"], *INNER.findall(name["inner"])], value)
    return root


def _put(root: Json, key: str, parts: list[str], value: str) -> None:
    """Put a value in its place; `parts` are those of its name, the last one empty for `a[]`."""
    current, (*outer, last) = root, parts
    if "" in outer:
        raise not_modelled(f"{key}: write the number of each, {parts[0]}[0]")
    for part in outer:
        current = current.setdefault(part, {})
        if not isinstance(current, dict):
            raise Refusal(400, "Invalid object", param=key)
    place = last or str(len(current))
    if isinstance(current.get(place), dict):
        raise Refusal(400, f"Invalid string: {{...}}; {key} is an object as well", param=key)
    current[place] = value


def _as_list(form: Any) -> Any:
    """Return the list that a form writes as `items[0]=...&items[1]=...`, by its numbers."""
    if not isinstance(form, dict) or not all(each.isdecimal() for each in form):
        return form
    return [form[each] for each in sorted(form, key=int)]


FormList = BeforeValidator(_as_list)
