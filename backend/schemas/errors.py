"""The one shape of every error."""

from pydantic import Field

from backend.schemas.words import Model


class ErrorFacts(Model):
    """The one error shape. `code` is stable; `message` is for people; `facts` go with the code."""

    code: str
    message: str
    request_id: str
    facts: dict[str, str] = Field(default_factory=dict)


class ErrorAnswer(Model):
    """`{"error": {...}}` around every answer that is 4xx or 5xx."""

    error: ErrorFacts
