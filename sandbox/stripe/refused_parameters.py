"""Parameters that do not fit a call, refused as Stripe refuses them.

What the sandbox does not have is a 501; what Stripe does not take either is a 400 in its words, and
with its `code` and `param`: https://docs.stripe.com/api/errors, https://docs.stripe.com/error-codes.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from sandbox.refusals import NOT_MODELLED_ERRORS, Refusal, not_modelled

# Of the parameters that have only some of Stripe's values here: all of them. What is in no row is a
# 501 whatever its value.
VALUES = {
    "mode": ("payment", "setup", "subscription"),
    "locale": (
        "auto", "bg", "cs", "da", "de", "el", "en", "en-GB", "es", "es-419", "et", "fi", "fil",
        "fr", "fr-CA", "hr", "hu", "id", "it", "ja", "ko", "lt", "lv", "ms", "mt", "nb", "nl", "pl",
        "pt", "pt-BR", "ro", "ru", "sk", "sl", "sv", "th", "tr", "vi", "zh", "zh-HK", "zh-TW",
    ),
    "line_items[0][price_data][recurring][interval]": ("day", "month", "week", "year"),
    "items[0][price_data][recurring][interval]": ("day", "month", "week", "year"),
    "saved_payment_method_options[payment_method_save]": ("disabled", "enabled"),
    "saved_payment_method_options[payment_method_remove]": ("disabled", "enabled"),
    "wallet_options[link][display]": ("auto", "never"),
    "payment_behavior": (
        "allow_incomplete", "default_incomplete", "error_if_incomplete", "pending_if_incomplete",
    ),
    "proration_behavior": ("always_invoice", "create_prorations", "none"),
    "pause_collection[behavior]": ("keep_as_draft", "mark_uncollectible", "void"),
    "allow_redisplay": ("always", "limited", "unspecified"),
    "reason": ("duplicate", "fraudulent", "requested_by_customer"),
}  # fmt: skip
BOOLEANS = (
    "confirm", "active", "is_default", "cancel_at_period_end", "automatic_payment_methods[enabled]",
)  # fmt: skip
OPTIONAL_AT_STRIPE = (
    "automatic_payment_methods", "metadata", "payment_behavior", "payment_method", "return_url",
)  # fmt: skip
UNION_TAGS = (
    "dict[",
    "literal[",
    "constrained-str",
    "function-",
    "lax-or-strict",
    "json-or-python",
)


@contextmanager
def refusing_as_stripe() -> Iterator[None]:
    """Turn pydantic's ValidationError into a Refusal: 501, or 400 as Stripe says it."""
    try:
        yield
    except ValidationError as error:
        errors = error.errors(include_url=False)
        # What the sandbox does not have comes first: the rest may be right at Stripe beside it.
        unknown = (each for each in errors if each["type"] in NOT_MODELLED_ERRORS)
        raise _refusal(next(unknown, errors[0])) from None


def _refusal(error: ErrorDetails) -> Refusal:
    parameter, kind = parameter_of(error), error["type"]
    if kind.startswith("missing") and parameter in OPTIONAL_AT_STRIPE:
        return not_modelled(f"this call without the parameter {parameter}")
    if kind == "literal_error" and error["loc"][-1] != "[key]":
        return _unknown_value(parameter, error["input"])
    if kind in NOT_MODELLED_ERRORS:
        return not_modelled(f"the parameter {parameter}")
    message_of = next((each for name, each in MESSAGES.items() if kind.startswith(name)), None)
    if message_of is None:
        return Refusal(400, f"Invalid {parameter}: {error['msg']}", param=parameter)
    message, code = message_of(parameter, error)
    fields = {"code": code, "param": parameter} if code else {"param": parameter}
    return Refusal(400, message, **fields)


def parameter_of(error: ErrorDetails) -> str:
    """Return the parameter as callers write it: `line_items[0][quantity]`."""
    parts = [str(part) for part in error["loc"] if part != "[key]"]
    name, *inner = [part for part in parts if not part.startswith(UNION_TAGS)] or ["body"]
    return name + "".join(f"[{part}]" for part in inner)


def _unknown_value(parameter: str, value: Any) -> Refusal:
    """Refuse a value that the sandbox does not have: 400 if Stripe does not have it either."""
    if parameter in BOOLEANS and value not in ("true", "false"):
        return Refusal(400, f"Invalid boolean: {value}", param=parameter)
    values = VALUES.get(parameter)
    if values is None or value in values:
        return not_modelled(f"the parameter {parameter} with this value")
    *others, last = values
    listed = f"{', '.join(others)}, or {last}" if len(others) > 1 else f"{others[0]} or {last}"
    return Refusal(400, f"Invalid {parameter}: must be one of {listed}", param=parameter)


MessageOf = Callable[[str, ErrorDetails], tuple[str, str]]


def _missing(parameter: str, error: ErrorDetails) -> tuple[str, str]:
    if parameter == "payment_intent":  # of a refund
        return (
            "One of the following params should be provided for this request: payment_intent or"
            " charge.",
            "",
        )
    return f"Missing required param: {parameter}.", "parameter_missing"


def _no_integer(parameter: str, error: ErrorDetails) -> tuple[str, str]:
    if error["input"] == "":
        return _empty(parameter, error)
    return f"Invalid integer: {error['input']}", "parameter_invalid_integer"


def _too_small(parameter: str, error: ErrorDetails) -> tuple[str, str]:
    least = error["ctx"]["ge"]
    return f"This value must be greater than or equal to {least}.", "parameter_invalid_integer"


def _too_large(parameter: str, error: ErrorDetails) -> tuple[str, str]:
    most = error["ctx"]["le"]
    return f"This value must be less than or equal to {most}.", "parameter_invalid_integer"


def _empty(parameter: str, error: ErrorDetails) -> tuple[str, str]:
    message = (
        f"You passed an empty string for '{parameter}'. We assume empty values are an attempt to"
        f" unset a parameter; however '{parameter}' cannot be unset. You should remove"
        f" '{parameter}' from your request or supply a non-empty value."
    )
    return message, "parameter_invalid_empty"


def _too_long(parameter: str, error: ErrorDetails) -> tuple[str, str]:
    text, most = str(error["input"]), error["ctx"]["max_length"]
    return f"Invalid string: {text[:10]}...{text[-10:]}; must be at most {most} characters", ""


def _no_match(parameter: str, error: ErrorDetails) -> tuple[str, str]:
    if error["input"] == "":
        return _empty(parameter, error)
    if parameter.endswith("url"):
        return "Not a valid URL", "url_invalid"
    return f"Invalid string: {error['input']}", ""


def _no_text(parameter: str, error: ErrorDetails) -> tuple[str, str]:
    return f"Invalid string: {error['input']}", "parameter_invalid_string"


def _no_list(parameter: str, error: ErrorDetails) -> tuple[str, str]:
    return "Invalid array", ""


def _no_object(parameter: str, error: ErrorDetails) -> tuple[str, str]:
    return "Invalid object", ""


# By how pydantic's type of an error begins.
MESSAGES: dict[str, MessageOf] = {
    "missing": _missing,
    "int_": _no_integer,
    "greater_than": _too_small,
    "less_than": _too_large,
    "string_too_short": _empty,
    "string_too_long": _too_long,
    "string_pattern": _no_match,
    "string_type": _no_text,
    "list_type": _no_list,
    "dict_type": _no_object,
    "model_": _no_object,
}
