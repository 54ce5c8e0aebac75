"""Telegram's updates on their way from the webhook to the bot."""

from typing import Any
from uuid import UUID

from pydantic import Field

from backend.schemas.words import Model


class ClaimedUpdate(Model):
    """An update as Telegram posted it (https://core.telegram.org/bots/api#update).

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
