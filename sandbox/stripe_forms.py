"""Stripe's form encoding, read by a shape: `a[b][0]=1` becomes typed values or Stripe's refusal.

The shapes are data (`stripe_parameters.toml`, which says how they are written).
"""

import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from sandbox.store import Json
from sandbox.stripe_errors import StripeRefusal, not_modelled

SHAPES = tomllib.loads((Path(__file__).parent / "stripe_parameters.toml").read_text("utf-8"))


def decode(form: str) -> Json:
    """Query or body text to nested dicts of text; `x[]` takes the next free number."""
    root: Json = {}
    for key, value in parse_qsl(form, keep_blank_values=True):
        *outer, last = [part.removesuffix("]") for part in key.split("[")]
        current: Any = root
        for part in outer:
            current = current.setdefault(part or str(len(current)), {})
            if not isinstance(current, dict):
                raise StripeRefusal(400, f"Invalid parameter: {key[:100]}", param=key[:100])
        current[last or str(len(current))] = value
    return root


def read(value: Any, shape: Any, path: str = "") -> Any:
    """`value`, decoded, by `shape`; `path` names it in refusals."""
    if isinstance(shape, dict):
        return read_record(value, shape, path)
    if isinstance(shape, list):
        if not isinstance(value, dict) or not all(re.fullmatch("[0-9]{1,4}", key) for key in value):
            raise StripeRefusal(400, f"Invalid array: {path}", param=path)
        return [read(value[key], shape[0], f"{path}[{key}]") for key in sorted(value, key=int)]
    kind, *limits = shape.split()
    if kind in LEAVES:
        return LEAVES[kind](value, path, *map(int, limits))
    if f"{value}?" in kind.split("|"):
        raise not_modelled(f"{path}={value}", path)
    if text(value, path) not in kind.split("|"):
        choices = kind.replace("?", "").replace("|", ", ")
        raise StripeRefusal(400, f"Invalid {path}: must be one of {choices}", param=path)
    return value


def read_record(value: Any, shape: Json, path: str) -> Json:
    """A structure: these fields and no others."""
    if not isinstance(value, dict):
        raise StripeRefusal(400, f"Invalid object: {path}", param=path)
    fields = {name.rstrip("!"): inner for name, inner in shape.items() if name != "unmodelled"}
    within = {name: f"{path}[{name}]" if path else name for name in [*value, *fields]}
    for name in value:
        if name in shape.get("unmodelled", []):
            raise not_modelled(f"the parameter {within[name]}", within[name])
        if name not in fields:
            message = f"Received unknown parameter: {within[name]}"
            raise StripeRefusal(400, message, "parameter_unknown", within[name])
    for name in fields:
        if name + "!" in shape and name not in value:
            message = f"Missing required param: {within[name]}."
            raise StripeRefusal(400, message, "parameter_missing", within[name])
    return {name: read(item, fields[name], within[name]) for name, item in value.items()}


def text(value: Any, path: str, longest: int = 5000) -> str:
    """A string that is not empty."""
    if not isinstance(value, str) or len(value) > longest:
        message = f"Invalid string: {path} must have at most {longest} characters"
        raise StripeRefusal(400, message, param=path)
    if not value:
        message = f"'{path}' is an empty string. Leave it out or give it a value."
        raise StripeRefusal(400, message, "parameter_invalid_empty", path)
    return value


def integer(value: Any, path: str, least: int = 0, most: int = 2**53) -> int:
    """ASCII digits and nothing else."""
    digits = isinstance(value, str) and re.fullmatch("[0-9]{1,16}", value)
    if not digits or not least <= int(value) <= most:
        message = f"Invalid integer: {path} must be from {least} to {most}"
        raise StripeRefusal(400, message, "parameter_invalid_integer", path)
    return int(value)


def url(value: Any, path: str) -> str:
    """An absolute http(s) address; it may hold `{CHECKOUT_SESSION_ID}`."""
    if not re.match(r"https?://[^/\s]+", text(value, path)):
        raise StripeRefusal(400, "Not a valid URL", "url_invalid", path)
    return str(value)


def metadata(value: Any, path: str) -> dict[str, str]:
    """At most 50 keys of 40 characters with values of 500 (docs.stripe.com/api/metadata)."""
    pairs = value if isinstance(value, dict) else {"": {}}
    fits = all(len(key) <= 40 and isinstance(item, str) for key, item in pairs.items())
    if not fits or len(pairs) > 50 or any(len(item) > 500 for item in pairs.values()):
        message = f"Invalid {path}: at most 50 keys of 40 characters, with values of 500"
        raise StripeRefusal(400, message, param=path)
    return {key: item for key, item in pairs.items() if item}


LEAVES: dict[str, Callable[..., Any]]
LEAVES = {"text": text, "integer": integer, "url": url, "metadata": metadata}
