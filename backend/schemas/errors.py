"""The model of all errors."""

from pydantic import Field

from backend.schemas.model import Model


class ErrorFacts(Model):
    """An error. `code` is stable; `message` is for people; `facts` depend on the code."""

    code: str
    message: str
    request_id: str
    facts: dict[str, str] = Field(default_factory=dict)


class ErrorAnswer(Model):
    """`{"error": {...}}`: the body of every response that is 4xx or 5xx."""

    error: ErrorFacts
