"""What a check says, and what it may look at."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Literal

from backend.database import Database
from backend.settings import Settings
from backend.stripe_gateway import StripeGateway

Level = Literal["ok", "warning", "error"]


@dataclass(frozen=True)
class Finding:
    """One line: how bad, about what, what is so, and what to do about it ("" where it is well).

    An error is what loses or delays money or messages; a warning is what somebody should know.
    """

    level: Level
    about: str
    said: str
    fix: str = ""

    def __str__(self) -> str:
        line = f"{self.level:<8} {self.about:<10} {self.said}"
        return f"{line}\n{'':20}-> {self.fix}" if self.fix else line


@dataclass(frozen=True)
class Patient:
    """The settings, and how to open what they name. Nothing is open or known to be well yet."""

    settings: Settings
    open_database: Callable[[Settings], AbstractAsyncContextManager[Database]]
    open_stripe: Callable[[Settings], AbstractAsyncContextManager[StripeGateway]]


Findings = AsyncIterator[Finding]
