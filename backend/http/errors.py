"""Errors of HTTP requests and connections, before any handler; see the tree in errors/."""

from backend.errors import Failure, Refusal


class TooSlow(Refusal, status=408, code="request_timeout"):
    """A request whose headers or body did not come in time (`ClientTimeouts`)."""

    message = "The request came too slowly. Send it again."


class EncodedBody(Refusal, status=415, code="unsupported_encoding"):
    """A compressed body: what it would inflate to has no limit."""

    message = "Send the body as it is: without Content-Encoding, and no other coding than chunked."


class ExpectationUnknown(Refusal, status=417, code="expectation_failed"):
    """An Expect header with anything but 100-continue.

    https://www.rfc-editor.org/rfc/rfc9110#section-10.1.1
    """

    message = "The only expectation that can be met is 100-continue."


class ServerFull(Failure, status=503):
    """A connection above the limit (`max_connections`)."""

    message = "Too many connections are open. Try again in a moment."
