"""Classification of Telegram's answer to a message, as the result that the backend gets."""

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

# The meaning of each is at `backend.schemas.NotificationResult`.
Outcome = Literal[
    "delivered", "retry", "ambiguous", "blocked", "migrated", "gone", "topic_closed", "refused"
]

# The request did not leave: no connection was made, or none was free.
NOT_SENT: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
REASON_LENGTH: Final = 300

# By Telegram's text after "Bad Request: ": these errors differ in nothing else.
BAD_REQUESTS: Final[tuple[tuple[str, Outcome], ...]] = (
    ("message is not modified", "delivered"),
    ("message to edit not found", "gone"),
    ("message can't be edited", "gone"),
    ("message_id_invalid", "gone"),
    ("message thread not found", "topic_closed"),
    ("topic_closed", "topic_closed"),
    ("topic_deleted", "topic_closed"),
    ("not enough rights to send", "blocked"),
    ("have no rights to send", "blocked"),
)


def result_of(error: TelegramError, claim: UUID, message_id: int | None) -> NotificationResult:
    """Return the result to report of a delivery that raised `error`.

    `message_id` is that of the message to edit, None for a new one.
    """
    outcome = outcome_of(error)
    return NotificationResult(
        claim=claim,
        outcome=outcome,
        message_id=message_id if outcome == "delivered" else None,
        retry_after=seconds(error.retry_after) if isinstance(error, RetryAfter) else None,
        new_chat_id=error.new_chat_id if isinstance(error, ChatMigrated) else None,
        reason=reason_of(error)[:REASON_LENGTH] if outcome == "refused" else None,
    )


def outcome_of(error: TelegramError) -> Outcome:
    """Classify an error of Telegram.

    The order matters: BadRequest and TimedOut are subclasses of NetworkError, and only some
    requests that end in a NetworkError certainly did not arrive.
    """
    match error:
        case Forbidden():
            return "blocked"
        case ChatMigrated():
            return "migrated"
        case RetryAfter():
            return "retry"
        case BadRequest():
            return classify_bad_request(error)
        case NetworkError():
            return classify_network_error(error)
        case InvalidToken():  # Telegram restarts, or the token is wrong
            return "retry"
        case _:  # a 200 that cannot be parsed
            return "ambiguous"


def classify_bad_request(error: BadRequest) -> Outcome:
    """Classify Telegram's 400 to a message, by its text."""
    message = error.message.lower()
    return next((outcome for text, outcome in BAD_REQUESTS if text in message), "refused")


def classify_network_error(error: NetworkError) -> Outcome:
    """Classify a lost connection: `ambiguous` where the request may have arrived, else `retry`."""
    cause = error.__cause__  # the library keeps it for TimedOut and every other lost connection
    is_lost = isinstance(cause, httpx.HTTPError) and not isinstance(cause, NOT_SENT)
    return "ambiguous" if is_lost else "retry"
