"""Error responses: `{"error": {"code", "message", "request_id", "facts"}}`."""

import uuid
from http import HTTPStatus
from typing import Final

from aiohttp import web

from backend.errors import PursebotError, Unauthorized
from backend.schemas import INVALID_TOKEN, ErrorAnswer, ErrorFacts

RETRY_SECONDS: Final = 5  # after a 503 that does not say how long to wait
# On every response, unless the handler has set the header.
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def new_request_id() -> str:
    """Return a new id for a request, which its response and its log lines have."""
    return uuid.uuid4().hex[:16]


def error_response(
    request_id: str,
    status: int,
    code: str,
    message: str,
    facts: dict[str, str] | None = None,
    *,
    is_token_refused: bool = False,
) -> web.Response:
    """Make an error response as JSON, with WWW-Authenticate and Retry-After where they belong.

    A 503 always has a Retry-After: https://www.rfc-editor.org/rfc/rfc9110#section-15.6.4

    A 401 names `invalid_token` where a token was sent and is none of ours; without it, nobody is
    signed in, or there is no such person: https://www.rfc-editor.org/rfc/rfc6750#section-3
    """
    error = ErrorFacts(code=code, message=message, request_id=request_id, facts=facts or {})
    body = ErrorAnswer(error=error).model_dump_json()
    headers = {"X-Request-Id": request_id}
    if status == Unauthorized.status:
        headers["WWW-Authenticate"] = INVALID_TOKEN if is_token_refused else "Bearer"
    if "retry_after" in error.facts:
        headers["Retry-After"] = error.facts["retry_after"]
    elif status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers["Retry-After"] = str(RETRY_SECONDS)
    return web.Response(status=status, text=body, content_type="application/json", headers=headers)


def standalone_error_response(error: PursebotError) -> web.Response:
    """Make an error response outside of the application, after which the connection closes."""
    response = error_response(
        new_request_id(), error.status, error.code, error.message, error.facts
    )
    response.headers.update(HEADERS | {"Server": "pursebot"})
    response.force_close()
    return response


def raw_error_response(error: PursebotError) -> bytes:
    """Make an error response as bytes, for a connection on which there is no request."""
    response = standalone_error_response(error)
    body = (response.text or "").encode()
    lines = [f"HTTP/1.1 {response.status} {response.reason}"]
    lines += [f"{name}: {value}" for name, value in response.headers.items()]
    lines += [f"Content-Length: {len(body)}", "Connection: close", "", ""]
    return "\r\n".join(lines).encode() + body
