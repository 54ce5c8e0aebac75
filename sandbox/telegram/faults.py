"""What can be made to go wrong between the bot and Telegram: POST /telegram/faults."""

from typing import Literal

from pydantic import Field

from sandbox.faults import Faults
from sandbox.refusals import StrictModel


class NextCalls(StrictModel):
    """A fault of the `next` calls of these methods; of all but getUpdates where none is named."""

    next: int = Field(default=1, ge=1)
    methods: list[str] = Field(default=[])

    def hits(self, method: str) -> bool:
        """Return whether this call (`method` in lower case) is one of those, and count it down."""
        named = [name.lower() for name in self.methods]
        if self.next == 0 or (method not in named if named else method == "getupdates"):
            return False
        self.next -= 1
        return True


class TooManyRequests(NextCalls):
    """429: nothing is done; try again after `retry_after` seconds."""

    retry_after: int = Field(default=1, ge=1)


class ServerError(NextCalls):
    """5xx: nothing is done."""

    code: Literal[500, 502, 503, 504] = 502


class Refused(NextCalls):
    """The token seems to be wrong (401, 404), or somebody else receives (409): nothing is done."""

    code: Literal[401, 404, 409] = 404


class Garbled(NextCalls):
    """It is done, and answered with status 200 and this body, which is not the Bot API's."""

    body: str = "<html>One moment, please</html>"


class TimeoutAfterDelivery(NextCalls):
    """It is done, but no answer comes: after `seconds` of silence the connection is closed."""

    seconds: float = Field(default=30, ge=0, le=600)


class Migrated(StrictModel):
    """The group `chat` became the supergroup `to`: every call naming `chat` is answered so."""

    chat: int
    to: int


class TelegramFaults(Faults):
    """The faults in force. `blocked` names the personas who blocked the bot.

    `webhook_twice`: every update is posted two times, as if the first answer had been lost.
    `answer_within`: seconds after which a tap no longer waits for its answer; to set it to 1 spares
    a test the wait.
    """

    too_many_requests: TooManyRequests | None = None
    server_error: ServerError | None = None
    refused: Refused | None = None
    garbled: Garbled | None = None
    timeout_after_delivery: TimeoutAfterDelivery | None = None
    migrated: list[Migrated] = Field(default=[])
    webhook_twice: bool = False
    answer_within: float = Field(default=15, gt=0, le=3600)
    blocked: list[Literal["ana", "ben", "eve"]] = Field(default=[])
