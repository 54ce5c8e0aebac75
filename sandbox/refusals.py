"""Refusals of the stand-ins, and strict parsing of parameters.

Parameters are parsed by pydantic, from the signature of the function that handles the call, for
people and SDKs alike. A missing or wrong one is a 400; one that the signature does not name is a
501, because the real service may have it.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, TypeVar

from aiohttp import web
from pydantic import BaseModel, ConfigDict, ValidationError, validate_call
from pydantic_core import ErrorDetails

# pydantic's error types for names and choices that the sandbox does not have.
NOT_MODELLED_ERRORS = {
    "extra_forbidden",
    "unexpected_keyword_argument",
    "multiple_argument_values",
    "literal_error",
    "too_long",
}
Function = TypeVar("Function", bound=Callable[..., Any])
# Makes a function check and convert its arguments by its own signature; what does not fit there is
# pydantic's ValidationError. Once for each function, not for each sandbox of a process: it is slow.
validated: Callable[[Function], Function] = cache(
    validate_call(config=ConfigDict(arbitrary_types_allowed=True))
)


class StrictModel(BaseModel):
    """A body or a part of one; an unknown field is an error."""

    model_config = ConfigDict(extra="forbid")


class Refusal(Exception):
    """An answer that is no success: the HTTP status, a sentence, and the service's own fields.

    Stripe's fields are `code`, `type` and `param` (https://docs.stripe.com/api/errors), Telegram's
    those of ResponseParameters (https://core.telegram.org/bots/api#responseparameters). Callers
    read the message, so it contains no secret.
    """

    def __init__(self, status: int, message: str, **fields: Any) -> None:
        """Take the HTTP status, the sentence and the service's fields."""
        super().__init__(message)
        self.status, self.message, self.fields = status, message, fields

    def response(self) -> web.Response:
        """Return `{"error": {"type", "message", ...}}`, as Stripe and the people's routes do."""
        kind = "api_error" if self.status >= 500 else "invalid_request_error"
        error = {"type": kind, "message": self.message, **self.fields}
        return web.json_response({"error": error}, status=self.status)


def not_modelled(what: str) -> Refusal:
    """Return the refusal (501) for a feature that the sandbox does not have."""
    return Refusal(501, f"the sandbox does not model {what}")


@contextmanager
def refusing_invalid() -> Iterator[None]:
    """Turn pydantic's ValidationError into a Refusal: 400 for an error, 501 for an unknown name.

    The message begins with the parameter as callers write it: `line_items[0][quantity]`.
    """
    try:
        yield
    except ValidationError as error:
        parameter, first = first_error(error)
        if first["type"] in NOT_MODELLED_ERRORS:
            raise not_modelled(parameter) from None
        raise Refusal(400, f"{parameter}: {first['msg']}") from None


def first_error(error: ValidationError) -> tuple[str, ErrorDetails]:
    """Return the parameter of the first error, as callers write it, and the error."""
    first = error.errors(include_input=False, include_url=False)[0]
    name, *inner = first["loc"] or ("body",)
    return str(name) + "".join(f"[{part}]" for part in inner), first
