"""Telegram's updates in webhook mode: stored before they are acknowledged, claimed by the bot."""

import json
import re
from collections.abc import Callable
from typing import Final

import structlog
from pydantic import BaseModel, ConfigDict, Field

from backend.database.functions import telegram_updates
from backend.notifications.outbox import until_some
from backend.schemas import (
    ClaimedUpdate,
    ClaimedUpdates,
    Json,
    UpdateHandled,
    UpdateRejected,
    in_all_texts,
)
from backend.shop import Shop

log = structlog.get_logger(__name__)

CLAIM_AT_MOST = 32  # as many as the bot handles at once
# In what cannot be parsed as a whole. Inside a text, the quotes would be escaped.
UPDATE_ID: Final = re.compile(rb'"update_id"\s*:\s*(\d{1,15})\b')


class TelegramUpdate(BaseModel):
    """https://core.telegram.org/bots/api#update; what it carries besides is the bot's to read."""

    model_config = ConfigDict(extra="allow")

    update_id: int = Field(ge=0, lt=2**53)


async def receive(shop: Shop, raw: bytes) -> None:
    """Store one update; a repeat changes nothing.

    What cannot be stored is recorded, counted and left out: Telegram repeats what it sees refused,
    and holds back what comes after it.
    """
    try:
        body = storable(raw)
    except ValueError:
        found = UPDATE_ID.search(raw)
        await leave_out(shop, int(found[1]) if found else None, "unknown")
        return
    await telegram_updates.receive_update(shop.database, body=body)
    shop.bell.ring()


def storable(raw: bytes) -> Json:
    """The update as PostgreSQL keeps it. Raises ValueError.

    A card number that somebody sent is not among it, nor is a NUL character, and no number is
    infinite: JSON knows none, and neither does PostgreSQL's.
    """
    update = TelegramUpdate.model_validate_json(raw.replace(rb"\u0000", rb"\ufffd"))
    body: Json = in_all_texts(update.model_dump())
    json.dumps(body, allow_nan=False)
    return body


async def reject(shop: Shop, update_id: int, rejected: UpdateRejected) -> None:
    """The bot cannot read this one: it is not handed out any more."""
    await leave_out(shop, update_id, rejected.kind)


async def leave_out(shop: Shop, update_id: int | None, kind: str) -> None:
    """Record and count an update that nobody can handle; what it says enters no log."""
    shop.metrics.unreadable_updates.inc()
    log.error("update_unreadable", update_id=update_id, kind=kind)
    if update_id is not None:
        await telegram_updates.reject_update(shop.database, update_id=update_id, kind=kind)
        shop.bell.ring()  # the next of its chat may go


async def claim(
    shop: Shop, takeover: bool, seconds: float, still_waits: Callable[[], bool]
) -> ClaimedUpdates:
    """What the bot is to handle now; waits up to `seconds` for something while `still_waits`.

    `takeover`: the bot has just started, so that whatever is claimed was claimed by one that ended.
    """

    async def look() -> list[ClaimedUpdate]:
        claimed = await telegram_updates.claim_updates(
            shop.database, most=CLAIM_AT_MOST, takeover=takeover
        )
        for lost in claimed.given_up:
            log.error("update_given_up", update_id=lost)
        return claimed.updates

    return ClaimedUpdates(updates=await until_some(look, shop.bell, seconds, still_waits))


async def finish(shop: Shop, update_id: int, handled: UpdateHandled) -> None:
    """The bot has handled it: what was said is forgotten."""
    await telegram_updates.finish_update(shop.database, update_id=update_id, claim=handled.claim)
    shop.bell.ring()  # the next of its chat may go
