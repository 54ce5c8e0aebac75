"""Findings: what checks report; their texts are in `findings.toml`."""

import tomllib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

LEVELS = ("ok", "warning", "error")
# Subject -> name -> the text, under its level, and the fix.
SENTENCES: dict[str, dict[str, dict[str, str]]] = tomllib.loads(
    Path(__file__).with_name("findings.toml").read_text(encoding="utf-8")
)


@dataclass(frozen=True)
class Finding:
    """One line of the report: level, subject, what was found, and what to do ("" for nothing)."""

    level: str
    about: str
    said: str
    fix: str = ""

    def __str__(self) -> str:
        line = f"{self.level:<8} {self.about:<10} {self.said}"
        return f"{line}\n{'':20}-> {self.fix}" if self.fix else line


def new_finding(name: str, **facts: object) -> Finding:
    """Make the finding of a name such as `outbox.late`, with `facts` filled into its texts."""
    about, _, what = name.partition(".")
    sentences = SENTENCES[about][what]
    [level] = sentences.keys() & LEVELS
    fix = sentences.get("fix", "").format(**facts)
    return Finding(level, about, sentences[level].format(**facts), fix)


Findings = AsyncIterator[Finding]
