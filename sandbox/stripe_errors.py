"""How the local Stripe says no: Stripe's error object (docs.stripe.com/api/errors)."""

from aiohttp import web


class StripeRefusal(Exception):
    """An answer that is not the object asked for; `status` is HTTP's, the rest is Stripe's.

    `type` defaults to `invalid_request_error`; `param` is written as `line_items[0][quantity]`.
    """

    def __init__(
        self,
        status: int,
        message: str,
        code: str | None = None,
        param: str | None = None,
        type: str = "invalid_request_error",
    ) -> None:
        super().__init__(message)
        self.status = status
        self.error = {"type": type, "code": code, "message": message, "param": param}

    def response(self) -> web.Response:
        """`{"error": {...}}`, without the fields that say nothing."""
        body = {"error": {name: value for name, value in self.error.items() if value}}
        return web.json_response(body, status=self.status)


def not_modelled(what: str, param: str | None = None) -> StripeRefusal:
    """501: real at Stripe, absent here; never a silent success."""
    message = f"The local Stripe does not model {what}."
    return StripeRefusal(501, message, param=param, type="api_error")


def no_such(kind: str, id: str, param: str) -> StripeRefusal:
    """404: nothing of this kind has this id."""
    return StripeRefusal(404, f"No such {kind}: '{id}'", "resource_missing", param)
