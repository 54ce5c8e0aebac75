"""Telegram's updates: stored before they are confirmed to Telegram, claimed by the bot."""

import json
import re
from collections.abc import Callable
from typing import Final

import structlog
from pydantic import BaseModel, ConfigDict, Field

from backend.database.functions import telegram_updates
from backend.notifications.outbox import wait_for_items
from backend.schemas import (
    ClaimedUpdate,
    ClaimedUpdates,
    Json,
    UpdateHandled,
    UpdateRejected,
    mask_card_numbers,
)
from backend.services import Services

log = structlog.get_logger(__name__)

CLAIM_LIMIT = 32  # as many as the bot handles at once
# Finds the id in a body that is no valid JSON. Inside a text the quotes would be escaped.
UPDATE_ID: Final = re.compile(rb'"update_id"\s*:\s*(\d{1,15})\b')


class TelegramUpdate(BaseModel):
    """An update, of which only the id is parsed here: https://core.telegram.org/bots/api#update."""

    model_config = ConfigDict(extra="allow")

    update_id: int = Field(ge=0, lt=2**53)


async def receive_update(services: Services, raw: bytes) -> None:
    """Store one update; a repeat changes nothing.

    One that cannot be stored is recorded, counted and left out: Telegram repeats what is refused,
    and holds back what comes after it.
    """
    try:
        body = parse_update(raw)
    except ValueError:
        match = UPDATE_ID.search(raw)
        await record_unreadable(services, int(match[1]) if match else None, "unknown")
        return
    await telegram_updates.receive_update(services.database, body=body)
    services.wakeup.wake()


def parse_update(raw: bytes) -> Json:
    """Parse an update into JSON that PostgreSQL can store. Raises ValueError.

    Card numbers are masked, NUL characters replaced, and infinite numbers refused, which jsonb does
    not have: https://www.postgresql.org/docs/current/datatype-json.html
    """
    update = TelegramUpdate.model_validate_json(raw.replace(rb"\u0000", rb"\ufffd"))
    body: Json = mask_card_numbers(update.model_dump())
    json.dumps(body, allow_nan=False)
    return body


async def reject_update(services: Services, update_id: int, rejected: UpdateRejected) -> None:
    """Give up an update that the bot cannot parse: it is not handed out any more."""
    await record_unreadable(services, update_id, rejected.kind)


async def record_unreadable(services: Services, update_id: int | None, kind: str) -> None:
    """Record and count an update that cannot be handled; its text is not logged."""
    services.metrics.updates_unreadable.inc()
    log.error("update_unreadable", update_id=update_id, kind=kind)
    if update_id is not None:
        await telegram_updates.reject_update(services.database, update_id=update_id, kind=kind)
        services.wakeup.wake()  # the next of its chat may go


async def claim_updates(
    services: Services, seconds: float, is_waiting: Callable[[], bool]
) -> ClaimedUpdates:
    """Claim updates to handle; wait up to `seconds` for some while `is_waiting()`."""

    async def fetch() -> list[ClaimedUpdate]:
        claimed = await telegram_updates.claim_updates(services.database, max_rows=CLAIM_LIMIT)
        for lost in claimed.abandoned:
            log.error("update_abandoned", update_id=lost)
        return claimed.updates

    return ClaimedUpdates(updates=await wait_for_items(fetch, services.wakeup, seconds, is_waiting))


async def finish_update(services: Services, update_id: int, handled: UpdateHandled) -> None:
    """Mark an update as handled, and erase its text."""
    await telegram_updates.finish_update(
        services.database, update_id=update_id, claim=handled.claim
    )
    services.wakeup.wake()  # the next of its chat may go
