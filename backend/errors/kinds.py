"""The kinds of errors: what the caller can do something about, and what not."""

import re
from collections.abc import Iterator


class PursebotError(Exception):
    """Base of all; `message` is a sentence for the caller and holds no secret."""

    status = 500
    code = "internal_error"
    message = "Something went wrong on our side."

    def __init_subclass__(cls, status: int | None = None, code: str | None = None) -> None:
        """Where none is given: its base's status, its name as the code, `role_too_low`."""
        cls.status = status or cls.status
        cls.code = code or re.sub("(?<!^)(?=[A-Z])", "_", cls.__name__).lower()

    def __init__(self, message: str | None = None, **facts: str) -> None:
        """`facts` go to the caller beside the code; `details`, set later, only to the log.

        Whoever writes a line about it sets `is_logged`: a fact has one line.
        """
        self.is_logged = False
        self.facts = facts
        self.details: dict[str, str] = {}
        self.message = message or self.message.format(**facts)
        super().__init__(self.message)

    def was_logged(self) -> bool:
        """Return whether the log has a line of it, or of the error that it was raised from."""
        cause = self.__cause__
        if self.is_logged or not isinstance(cause, PursebotError) or cause is self:
            return self.is_logged
        return cause.was_logged()


class Refusal(PursebotError, status=400):
    """The caller asked for something that cannot be."""


class Failure(PursebotError):
    """Not the caller's fault; trying again may help."""


def tree(root: type[PursebotError] = PursebotError) -> Iterator[type[PursebotError]]:
    """Every class below `root`."""
    for child in root.__subclasses__():
        yield child
        yield from tree(child)
