"""What a call of the backend raises when it did not do what was asked."""


class BackendError(Exception):
    """The backend did not do what was asked.

    BackendError
    +-- BackendRefusal        it answered no, with a code of its own
    +-- BackendUnavailable    it did not answer, or not in a way that we can read
    """


class BackendRefusal(BackendError):
    """The backend's error shape: a stable `code`, its `facts`, the HTTP `status`.

    The codes are listed at each route in the backend's `/openapi.json`.
    """

    def __init__(self, status: int, code: str, facts: dict[str, str], request_id: str) -> None:
        """Keep the fields of a `schemas.ErrorAnswer`; `request_id` finds its line in the log."""
        super().__init__(code)
        self.status, self.code, self.facts, self.request_id = status, code, facts, request_id


class BackendUnavailable(BackendError):
    """No answer. `possibly_executed` is false only when no try can have reached the backend."""

    def __init__(self, reason: str, possibly_executed: bool) -> None:
        """`reason` is for the log."""
        super().__init__(reason)
        self.possibly_executed = possibly_executed
