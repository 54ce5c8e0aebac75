"""Retries and pauses while Telegram is unreachable, refuses the token, or limits the rate.

Pauses grow up to MAX_PAUSE; the log has a line for each change of the state, not for each try.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final, TypeVar

import structlog
from telegram.error import BadRequest, Conflict, InvalidToken, RetryAfter, TelegramError

Answered = TypeVar("Answered")

log = structlog.get_logger("bot")

MIN_PAUSE: Final = 0.5  # seconds
MAX_PAUSE: Final = 30.0
MAX_WAIT: Final = 300.0  # of what Telegram asks for with 429
REFUSALS_AT_START: Final = 5  # about eight seconds: longer than a restart of Telegram's servers
# The state after an error is that of the first class that fits, else "telegram_unreachable".
STATES = (
    (Conflict, "update_receiver_conflict"),
    (InvalidToken, "token_refused"),
    (RetryAfter, "telegram_rate_limited"),
    (BadRequest, "telegram_bad_request"),
)


def log_state(state: str, **facts: str | float) -> None:
    """Log Telegram's state: as an error with advice where only a person can change it."""
    match state:
        case "update_receiver_conflict":
            log.error(
                "update_receiver_conflict",
                help="only one bot may receive with this token: stop the other, or remove its"
                " webhook",
                **facts,
            )
        case "token_refused":
            log.error(
                "token_refused",
                help="it passes by itself while Telegram restarts; else TELEGRAM_BOT_TOKEN or"
                " TELEGRAM_API_BASE is wrong",
                **facts,
            )
        case "telegram_rate_limited":
            log.warning("telegram_rate_limited", **facts)
        case "telegram_bad_request":
            log.warning("telegram_bad_request", **facts)
        case _:
            log.warning("telegram_unreachable", **facts)


class Reachability:
    """The state of one kind of call to Telegram, and the pause after a failed one."""

    def __init__(self, call: str) -> None:
        """Take the name of the call for the log."""
        self._call, self._state, self._pause = call, "", MIN_PAUSE

    def failed(self, error: TelegramError) -> float:
        """Record a failed call; return for how many seconds to pause."""
        state = next(
            (name for kind, name in STATES if isinstance(error, kind)), "telegram_unreachable"
        )
        pause, self._pause = self._pause, min(2 * self._pause, MAX_PAUSE)
        if isinstance(error, RetryAfter):
            pause = max(pause, min(seconds(error.retry_after), MAX_WAIT))
        if state != self._state:
            self._state = state
            log_state(state, call=self._call, reason=reason_of(error), retry_in=pause)
        return pause

    def succeeded(self) -> None:
        """Record a successful call."""
        if self._state:
            log.info("telegram_reachable", call=self._call, after=self._state)
        self._state, self._pause = "", MIN_PAUSE


async def retry_until_answered(
    call: str, request: Callable[[], Awaitable[Answered]], refusals: int | None = None
) -> Answered:
    """Call Telegram again until it answers, since an outage passes; return the answer.

    `call` names the method in the log. Raises BadRequest, and InvalidToken when the token was
    refused `refusals` times in a row (None: never).
    """
    reachability, refused = Reachability(call), 0
    while True:
        try:
            answered = await request()
        except BadRequest:
            raise
        except TelegramError as error:
            refused = refused + 1 if isinstance(error, InvalidToken) else 0
            if refused == refusals:
                raise
            pause = reachability.failed(error)
        else:
            reachability.succeeded()
            return answered
        await asyncio.sleep(pause)


def reason_of(error: TelegramError) -> str:
    """Return the text of an error for the log, without the page that came in place of an answer."""
    return error.message.partition(". Parsing the server response")[0]


def seconds(duration: int | timedelta) -> float:
    """Return a duration of the library in seconds."""
    return duration.total_seconds() if isinstance(duration, timedelta) else float(duration)
