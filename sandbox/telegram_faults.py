"""What can be made to go wrong between the bot and Telegram: POST /telegram/faults.

Each fault that a request names is set anew, the others stay; `{}` or `{"reset": true}` ends all.
"""

from typing import Annotated, Literal, TypeGuard, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from sandbox.personas import find_persona


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class NextCalls(_Strict):
    """Hits the `next` calls of these methods; of all but getUpdates where none is named."""

    next: int = Field(default=1, ge=1)
    methods: list[str] = []


class TooManyRequests(NextCalls):
    """429: nothing is done; try again after `retry_after` seconds."""

    retry_after: int = Field(default=1, ge=1)


class ServerError(NextCalls):
    """5xx: nothing is done."""

    code: Literal[500, 502, 503, 504] = 502


class TimeoutAfterDelivery(NextCalls):
    """It is done, but no answer comes: after `seconds` of silence the connection is closed."""

    seconds: float = Field(default=30, ge=0, le=600)


class Migrated(_Strict):
    """The group `chat` became the supergroup `to`: every call naming `chat` is told so."""

    chat: int
    to: int


def _known(name: str) -> str:
    persona = find_persona(name)
    if persona is None:
        raise ValueError("nobody here is called so")
    return persona.key


class Faults(_Strict):
    """The faults in force. `blocked` names the personas who blocked the bot."""

    too_many_requests: TooManyRequests | None = None
    server_error: ServerError | None = None
    timeout_after_delivery: TimeoutAfterDelivery | None = None
    migrated: list[Migrated] = []
    blocked: list[Annotated[str, AfterValidator(_known)]] = []
    reset: bool = False

    def changed_by(self, wanted: "Faults") -> "Faults":
        """What is in force after this request."""
        if wanted.reset or not wanted.model_fields_set:
            return Faults()
        return self.model_copy(
            update={name: getattr(wanted, name) for name in wanted.model_fields_set}
        )

    def moved_to(self, chat_id: int) -> int | None:
        """Where a migrated group is now."""
        return next((moved.to for moved in self.migrated if moved.chat == chat_id), None)

    def unblock(self, name: str) -> None:
        """Let the bot write to this persona again."""
        self.blocked = [blocked for blocked in self.blocked if blocked != name]


Kind = TypeVar("Kind", bound=NextCalls)


def strikes(fault: Kind | None, method: str) -> TypeGuard[Kind]:
    """Whether this call (`method` in lower case) is one of those to hit; counts it if so."""
    if fault is None or fault.next == 0:
        return False
    named = [name.lower() for name in fault.methods]
    if method not in named if named else method == "getupdates":
        return False
    fault.next -= 1
    return True
