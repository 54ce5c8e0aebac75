"""What a check says: its sentences stand in `findings.toml`."""

import tomllib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

LEVELS = ("ok", "warning", "error")
# Subject -> what is so -> a sentence by level, and the fix.
SENTENCES: dict[str, dict[str, dict[str, str]]] = tomllib.loads(
    Path(__file__).with_name("findings.toml").read_text(encoding="utf-8")
)


@dataclass(frozen=True)
class Finding:
    """One line: how bad, about what, what is so, and what to do about it ("" where it is well)."""

    level: str
    about: str
    said: str
    fix: str = ""

    def __str__(self) -> str:
        line = f"{self.level:<8} {self.about:<10} {self.said}"
        return f"{line}\n{'':20}-> {self.fix}" if self.fix else line


def new_finding(name: str, **facts: object) -> Finding:
    """The finding of that name, such as `outbox.late`, with its facts filled in."""
    about, _, what = name.partition(".")
    sentences = SENTENCES[about][what]
    [level] = sentences.keys() & LEVELS
    fix = sentences.get("fix", "").format(**facts)
    return Finding(level, about, sentences[level].format(**facts), fix)


Findings = AsyncIterator[Finding]
