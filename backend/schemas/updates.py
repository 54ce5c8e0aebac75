"""Telegram's updates on their way to the bot, and the open question of a chat."""

from typing import Any
from uuid import UUID

from pydantic import Field, RootModel

from backend.schemas.model import Model


class PolledUpdate(RootModel[dict[str, Any]]):
    """POST /internal/updates: an update as getUpdates returned it."""


class ClaimedUpdate(Model):
    """An update as Telegram sent it (https://core.telegram.org/bots/api#update).

    `claim` must come back within 30 seconds, or the update is handed out again.
    """

    id: int
    claim: UUID
    body: dict[str, Any]


class ClaimedUpdates(Model):
    """POST /internal/updates/claim: what to handle now; empty if nothing came in time."""

    updates: list[ClaimedUpdate]


class UpdateHandled(Model):
    """POST /internal/updates/{id}/handled."""

    claim: UUID


class UpdateRejected(Model):
    """POST /internal/updates/{id}/rejected: it cannot be parsed.

    `kind` is its first field's name.
    """

    kind: str = Field(pattern=r"^[a-z_]{1,40}$")


class Question(Model):
    """A question of the bot's that the next text in its chat answers.

    `name` says which one it is to the bot, `facts` what its answer is about: ids and codes.
    """

    name: str = Field(pattern=r"^[a-z_]{1,40}$")
    facts: dict[str, str] = Field(default={}, max_length=10)


class OpenQuestion(Model):
    """GET and PUT /internal/chats/{chat_id}/question; None where none is open."""

    question: Question | None
