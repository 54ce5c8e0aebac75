"""docs/follow-a-topup.md: at most 20 files, each step is there, and named by one before it."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from tests.test_where import ROOT, defined_in

PAGE: Final = ROOT / "docs" / "follow-a-topup.md"
MAX_FILES: Final = 20
STEP: Final = re.compile(r"\d+\. `(?P<path>[^`]+)`: (?P<symbols>`[^`]+`(?:, `[^`]+`)*)\. .+")
LEADS_TO: Final = {  # steps that no name leads to, by what is in their file and in one before
    "backend/http/routes/payments.py": "/api/payments/checkout",
    "bot/delivery/worker.py": "payment_shown",
}


class Step(NamedTuple):
    """A step of the page: its file, and the names in it that the page gives."""

    file: Path
    symbols: list[str]
    path: str


def steps() -> Iterator[Step]:
    """The numbered steps of the page, in order."""
    for line in PAGE.read_text().splitlines():
        if match := STEP.fullmatch(line):
            [file] = ROOT.glob(match["path"])
            yield Step(file, re.findall(r"`([^`]+)`", match["symbols"]), match["path"])


def test_it_takes_no_more_files_than_a_newcomer_follows() -> None:
    lines = [line for line in PAGE.read_text().splitlines() if re.match(r"\d+\. ", line)]
    files = [step.file for step in steps()]
    assert len(lines) == len(files) == len(set(files)) <= MAX_FILES


def test_every_name_is_where_the_page_says() -> None:
    for step in steps():
        assert set(step.symbols) <= defined_in(step.file), step.path


def test_a_step_before_it_names_each_step() -> None:
    first, *others = steps()
    texts = [first.file.read_text()]
    for step in others:
        text = step.file.read_text()
        name = LEADS_TO.get(step.path) or step.symbols[0].rpartition(".")[2]
        assert name in text, step.path
        named = re.compile(rf"(?<!\w){re.escape(name)}(?!\w)")
        assert any(named.search(before) for before in texts), step.path
        texts.append(text)


def test_what_need_not_be_opened_is_there() -> None:
    aside = PAGE.read_text().partition("## What one need not open")[2]
    for path in re.findall(r"`((?:bot|backend|supabase)/[^`]+)`", aside):
        assert list(ROOT.glob(path)), path
