"""Faults between the bot and Telegram: POST /telegram/faults."""

from typing import Literal

from pydantic import Field

from sandbox.faults import Faults
from sandbox.personas import Key
from sandbox.refusals import StrictModel


class NextCalls(StrictModel):
    """A fault of the `next` calls of these methods; without methods, of all but getUpdates."""

    next: int = Field(default=1, ge=1)
    methods: list[str] = Field(default=[])

    def hits(self, method: str) -> bool:
        """Return whether this call (`method` in lower case) has the fault, and count it down."""
        named = [name.lower() for name in self.methods]
        if self.next == 0 or (method not in named if named else method == "getupdates"):
            return False
        self.next -= 1
        return True


class TooManyRequests(NextCalls):
    """429: nothing is done; the call may be repeated after `retry_after` seconds."""

    retry_after: int = Field(default=1, ge=1)


class ServerError(NextCalls):
    """5xx: nothing is done."""

    code: Literal[500, 502, 503, 504] = 502


class Refused(NextCalls):
    """A token that seems wrong (401, 404), or another receiver (409): nothing is done."""

    code: Literal[400, 401, 404, 409] = 404


class Garbled(NextCalls):
    """The call is carried out, and answered 200 with a body that is not the Bot API's."""

    body: str = "<html>One moment, please</html>"


class TimeoutAfterDelivery(NextCalls):
    """The call is carried out without an answer; after `seconds` the connection is closed."""

    seconds: float = Field(default=30, ge=0, le=600)


class Migrated(StrictModel):
    """The group `chat` became the supergroup `to`: every call that names `chat` is answered so."""

    chat: int
    to: int


class TelegramFaults(Faults):
    """The faults in force.

    `blocked` names the personas who blocked the bot. `webhook_twice`: every update is posted twice,
    as if the first answer had been lost. `answer_within`: seconds after which a tap does not wait
    for its answer any more; a test sets it to 1 to save time.
    """

    too_many_requests: TooManyRequests | None = None
    server_error: ServerError | None = None
    refused: Refused | None = None
    garbled: Garbled | None = None
    timeout_after_delivery: TimeoutAfterDelivery | None = None
    migrated: list[Migrated] = Field(default=[])
    webhook_twice: bool = False
    answer_within: float = Field(default=15, gt=0, le=3600)
    blocked: list[Key] = Field(default=[])
