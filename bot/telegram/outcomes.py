"""From what Telegram answered to what the backend is told: one table, the first match wins.

The order matters: BadRequest and TimedOut are subclasses of NetworkError, and only some of what
ends in a NetworkError is known not to have arrived.
"""

from collections.abc import Callable
from typing import Final, Literal
from uuid import UUID

import httpx
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
)

from backend.schemas import NotificationResult
from bot.telegram.reachability import reason_of, seconds

Outcome = Literal["delivered", "retry", "ambiguous", "blocked", "migrated", "gone", "refused"]

# The request did not leave: no connection was made, or none was free.
NOT_SENT: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
REASON_LENGTH: Final = 300

# Telegram's words after "Bad Request: ", which are all there is to tell these apart.
BAD_REQUESTS: Final[tuple[tuple[str, Outcome], ...]] = (
    ("message is not modified", "delivered"),
    ("message to edit not found", "gone"),
    ("message can't be edited", "gone"),
    ("message_id_invalid", "gone"),
    ("message thread not found", "gone"),
    ("not enough rights to send", "blocked"),
    ("have no rights to send", "blocked"),
)


def bad_request(error: TelegramError) -> Outcome:
    """What Telegram's 400 to a message means."""
    said = error.message.lower()
    return next((outcome for words, outcome in BAD_REQUESTS if words in said), "refused")


def _connection(error: TelegramError) -> Outcome:
    """A lost connection may have lost only the answer; a 5xx is an answer."""
    cause = error.__cause__  # the library keeps it for TimedOut and every other lost connection
    lost = isinstance(cause, httpx.HTTPError) and not isinstance(cause, NOT_SENT)
    return "ambiguous" if lost else "retry"


OUTCOMES: Final[tuple[tuple[type[TelegramError], Callable[[TelegramError], Outcome]], ...]] = (
    (Forbidden, lambda _: "blocked"),
    (ChatMigrated, lambda _: "migrated"),
    (RetryAfter, lambda _: "retry"),
    (BadRequest, bad_request),
    (NetworkError, _connection),
    (InvalidToken, lambda _: "retry"),  # Telegram restarts, or the token is wrong
    (TelegramError, lambda _: "ambiguous"),  # a 200 that cannot be read
)


def result_of(error: TelegramError, claim: UUID, message_id: int | None) -> NotificationResult:
    """What to report for a delivery to `message_id` (None: a new message) that raised `error`."""
    outcome = next(decide(error) for kind, decide in OUTCOMES if isinstance(error, kind))
    return NotificationResult(
        claim=claim,
        outcome=outcome,
        message_id=message_id if outcome == "delivered" else None,
        retry_after=seconds(error.retry_after) if isinstance(error, RetryAfter) else None,
        new_chat_id=error.new_chat_id if isinstance(error, ChatMigrated) else None,
        reason=reason_of(error)[:REASON_LENGTH] if outcome == "refused" else None,
    )
