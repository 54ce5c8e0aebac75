"""Refusals of a request by its form, its sender or its rate."""

from backend.errors.kinds import Refusal


class BadRequest(Refusal, code="invalid_request"):
    """The request does not have the form that the route takes."""

    message = "The request is malformed."


class BadCursor(Refusal):
    """Not a cursor that this list gave."""

    message = "The parameter cursor is not one of this list's. Take it from the last answer."


class NotJson(Refusal, status=415, code="unsupported_media_type"):
    """A body of another kind."""

    message = "Send JSON, and Content-Type: application/json with it."


class BodyTooLarge(Refusal, status=413, code="request_entity_too_large"):
    """More than any request of this kind has."""

    message = "The request has more than {most} bytes."


class Unauthorized(Refusal, status=401):
    """No token, or not a good one."""

    message = "Send a valid bearer token in the Authorization header."


class NotFound(Refusal, status=404):
    """Not there, or not yours: the same answer."""

    message = "There is no such {what} for you."


class TooManyRequests(Refusal, status=429):
    """More than anybody needs."""

    message = "That was very fast. Wait {retry_after} seconds and try again."
