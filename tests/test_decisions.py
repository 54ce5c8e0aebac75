"""docs/decisions/: each page says what was decided, when, and how it stands; so does the index."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "docs" / "decisions"
PAGES = sorted(path for path in FOLDER.glob("*.md") if path.name != "README.md")
TITLE = re.compile(r"# (\d{4}): (.+)")
STATUS = re.compile(
    r"\*\*Status\.\*\* (?P<state>Proposed|Accepted|Withdrawn) on (?P<date>20\d\d-[01]\d-[0-3]\d)"
    r"(?:; (?P<how>amended|replaced) by \[(?P<by>\d{4})\]\((?P=by)-[a-z0-9-]+\.md\)"
    r" on 20\d\d-[01]\d-[0-3]\d)?\."
)


def keywords_of(title: str) -> str:
    """The title as it stands in the name of the file."""
    return re.sub(r"[^a-z0-9]+", "-", title.lower().replace("'", "")).strip("-")


def first_lines(page: Path) -> tuple[re.Match[str] | None, re.Match[str] | None]:
    """Title and status of a page."""
    title, _, status, *_ = page.read_text().splitlines()
    return TITLE.fullmatch(title), STATUS.match(status)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name[:4])
def test_a_page_begins_with_its_number_title_date_and_status(page: Path) -> None:
    title, status = first_lines(page)
    assert title, "the first line is `# <number>: <title>`"
    assert status, "the third line is `**Status.** Accepted on <date>.`"
    assert page.name == f"{title[1]}-{keywords_of(title[2])}.md"


def test_numbers_have_no_gap() -> None:
    assert [int(page.name[:4]) for page in PAGES] == list(range(1, len(PAGES) + 1))


def test_the_index_says_what_the_pages_say() -> None:
    rows = []
    for page in PAGES:
        title, status = first_lines(page)
        assert title
        assert status
        state = status["state"].lower()
        if status["how"]:
            state += f", {status['how']} by {status['by']}"
        rows.append(f"| [{title[1]}]({page.name}) | {title[2]} | {status['date']} | {state} |")
    index = (FOLDER / "README.md").read_text().splitlines()
    assert [line for line in index if line.startswith("| [")] == rows


def test_a_decision_that_the_code_names_is_there() -> None:
    sources = [
        path
        for folder in ("backend", "bot", "sandbox", "supabase", "tests")
        for ending in ("py", "sql")
        for path in (ROOT / folder).rglob(f"*.{ending}")
    ]
    named = {n for path in sources for n in re.findall(r"docs/decisions/(\d+)", path.read_text())}
    assert "0024" in named  # so it is found how they are named
    assert named - {page.name[:4] for page in PAGES} == set()
