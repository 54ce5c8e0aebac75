"""Errors of calls to the backend."""


class BackendError(Exception):
    """A call of the backend that failed.

    BackendError
    +-- BackendRefusal        it answered with an error code
    +-- BackendUnavailable    it did not answer, or in a form that cannot be parsed
        +-- SecretRefused     it takes no token of this bot
    """


class BackendRefusal(BackendError):
    """An error answer of the backend: a stable `code`, its `facts`, the HTTP `status`.

    The codes are listed at each route in the backend's `/openapi.json`.
    """

    def __init__(self, status: int, code: str, facts: dict[str, str], request_id: str) -> None:
        """Take the fields of a `schemas.ErrorAnswer`; `request_id` is in the backend's log."""
        super().__init__(code)
        self.status, self.code, self.facts, self.request_id = status, code, facts, request_id


class BackendUnavailable(BackendError):
    """No usable answer; `possibly_executed` is false where no try reached the backend."""

    def __init__(self, reason: str, possibly_executed: bool) -> None:
        """Take the reason for the log, and whether the request may have been carried out."""
        super().__init__(reason)
        self.possibly_executed = possibly_executed


class SecretRefused(BackendUnavailable):
    """Every token of this bot is refused (`invalid_token`): only its operator can change that."""

    def __init__(self) -> None:
        """Say what to compare."""
        super().__init__(
            "the backend refuses this bot's tokens: BOT_API_SECRET must be the same for both, and"
            " the clocks of both machines right",
            possibly_executed=False,
        )
