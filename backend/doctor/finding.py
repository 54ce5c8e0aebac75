"""What a check says."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Literal

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


Findings = AsyncIterator[Finding]
