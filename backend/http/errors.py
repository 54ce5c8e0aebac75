"""What is wrong with a request, or with us, before any handler has seen it."""

from backend.errors import Failure, Refusal


class TooSlow(Refusal, status=408, code="request_timeout"):
    """Its headers or its body did not come in time."""

    message = "The request came too slowly. Send it again."


class EncodedBody(Refusal, status=415, code="unsupported_encoding"):
    """Compressed, in whatever way: what it inflates to has no limit."""

    message = "Send the body as it is: without Content-Encoding, and no other coding than chunked."


class ExpectationUnknown(Refusal, status=417, code="expectation_failed"):
    """HTTP knows one expectation: https://www.rfc-editor.org/rfc/rfc9110#section-10.1.1."""

    message = "The only expectation that can be met is 100-continue."


class ServerFull(Failure, status=503):
    """As many connections are open as may be."""

    message = "Too many connections are open. Try again in a moment."
