"""Each update is read on its own: one that cannot be read is recorded, counted and left out.

The library reads a batch as a whole and stops at the first update that it cannot read, so that
nobody else's would be heard.
"""

import re
from typing import Any, Final

import structlog
from telegram import Bot, Update

from bot.backend_api.client import BackendClient
from bot.backend_api.errors import BackendError

log = structlog.get_logger("bot")

# The names of an update's fields are Telegram's; what people wrote is never among them.
KIND: Final = re.compile("[a-z_]{1,40}")
LARGEST_ID: Final = 2**53 - 1


class UpdateReader:
    """Reads what Telegram sends, for as long as the process runs."""

    def __init__(self, bot: Bot, backend: BackendClient) -> None:
        """`backend` keeps the record."""
        self._bot, self._backend = bot, backend
        self.unreadable = 0

    def read(self, raw: Any) -> Update | None:
        """The update; None, and a line in the log, where it is none."""
        try:
            if id_of(raw) is None:
                raise ValueError("no update_id")
            update = Update.de_json(raw, self._bot)
            _ = update.effective_chat, update.effective_user  # what every handler will want
        except Exception as error:  # whatever the library meets in what it does not expect
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
        """Have the backend keep that this one was left out, and count it."""
        if (update_id := id_of(raw)) is None:
            return
        try:
            await self._backend.reject_update(update_id, kind_of(raw))
        except BackendError as failure:
            log.warning("update_not_recorded", update_id=update_id, reason=str(failure))


def id_of(raw: Any) -> int | None:
    """The update's id, if it has one."""
    found = raw.get("update_id") if isinstance(raw, dict) else None
    is_id = isinstance(found, int) and not isinstance(found, bool) and 0 <= found <= LARGEST_ID
    return found if is_id else None


def kind_of(raw: Any) -> str:
    """What kind of update it is by its first field, or "unknown"."""
    names = [name for name in raw if name != "update_id"] if isinstance(raw, dict) else []
    return names[0] if names and KIND.fullmatch(names[0]) else "unknown"
