"""Parsing of updates one by one: an unreadable one is recorded, counted and skipped.

The library parses a batch as a whole and stops at the first update that it cannot parse, so that
none of the others would be handled.
"""

import re
from typing import Any, Final

import structlog
from telegram import Bot, Update

from bot.backend_api.client import BackendClient
from bot.backend_api.errors import BackendError

log = structlog.get_logger("bot")

# The names of an update's fields are Telegram's, and contain nothing that people wrote.
KIND: Final = re.compile("[a-z_]{1,40}")
MAX_ID: Final = 2**53 - 1


class UpdateReader:
    """Parses updates; `unreadable` counts those it could not parse since the process started."""

    def __init__(self, bot: Bot, backend: BackendClient) -> None:
        """Take the bot, and the backend that records its unreadable updates."""
        self._bot, self._backend = bot, backend
        self.unreadable = 0

    def read(self, raw: Any) -> Update | None:
        """Return the update; None, and a line in the log, where it cannot be parsed."""
        try:
            if id_of(raw) is None:
                raise ValueError("no update_id")
            update = Update.de_json(raw, self._bot)
            _ = update.effective_chat, update.effective_user  # as every handler reads them
        except Exception as error:  # the library raises many kinds
            self.unreadable += 1
            log.error(
                "update_unreadable",
                update_id=id_of(raw),
                kind=kind_of(raw),
                error=type(error).__name__,
                since_start=self.unreadable,
            )
            return None
        return update

    async def record(self, raw: Any) -> None:
        """Have the backend record and count an update that was skipped."""
        if (update_id := id_of(raw)) is None:
            return
        try:
            await self._backend.reject_update(update_id, kind_of(raw))
        except BackendError as failure:
            log.warning("update_not_recorded", update_id=update_id, reason=str(failure))


def id_of(raw: Any) -> int | None:
    """Return the update's id; None where it has no valid one."""
    update_id = raw.get("update_id") if isinstance(raw, dict) else None
    if isinstance(update_id, bool) or not isinstance(update_id, int):
        return None
    return update_id if 0 <= update_id <= MAX_ID else None


def kind_of(raw: Any) -> str:
    """Return the kind of an update, which is its first field's name, or "unknown"."""
    names = [name for name in raw if name != "update_id"] if isinstance(raw, dict) else []
    return names[0] if names and KIND.fullmatch(names[0]) else "unknown"
