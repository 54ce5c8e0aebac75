"""Telegram's updates in webhook mode: stored before they are acknowledged, claimed by the bot."""

from collections.abc import Callable

import structlog
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from backend.database import SERVICE
from backend.errors import BadRequest
from backend.outbox import until_some
from backend.schemas import ClaimedUpdate, ClaimedUpdates, UpdateHandled, in_all_texts
from backend.shop import Shop

log = structlog.get_logger(__name__)

CLAIM_AT_MOST = 32  # as many as the bot handles at once


class TelegramUpdate(BaseModel):
    """https://core.telegram.org/bots/api#update; what it carries besides is the bot's to read."""

    model_config = ConfigDict(extra="allow")

    update_id: int = Field(ge=0, lt=2**53)


async def receive(shop: Shop, raw: bytes) -> None:
    """Store one update; a repeat changes nothing. Raises BadRequest.

    A card number that somebody sent is not among what is stored, nor is a NUL character: PostgreSQL
    keeps none, and what is refused Telegram would send again and again.
    """
    try:
        update = TelegramUpdate.model_validate_json(raw.replace(rb"\u0000", rb"\ufffd"))
    except ValidationError as error:
        raise BadRequest("This is not an update of the Bot API.") from error
    await shop.database.call("receive_update", SERVICE, body=in_all_texts(update.model_dump()))
    shop.bell.ring()


async def claim(
    shop: Shop, takeover: bool, seconds: float, still_waits: Callable[[], bool]
) -> ClaimedUpdates:
    """What the bot is to handle now; waits up to `seconds` for something while `still_waits`.

    `takeover`: the bot has just started, so that whatever is claimed was claimed by one that ended.
    """

    async def look() -> list[ClaimedUpdate]:
        found = await shop.database.call(
            "claim_updates", SERVICE, most=CLAIM_AT_MOST, takeover=takeover
        )
        for lost in found["given_up"]:
            log.error("update_given_up", update_id=lost)
        return [ClaimedUpdate.model_validate(row) for row in found["updates"]]

    return ClaimedUpdates(updates=await until_some(look, shop.bell, seconds, still_waits))


async def finish(shop: Shop, update_id: int, handled: UpdateHandled) -> None:
    """The bot has handled it: what was said is forgotten."""
    await shop.database.call("finish_update", SERVICE, update_id=update_id, claim=handled.claim)
    shop.bell.ring()  # the next of its chat may go
