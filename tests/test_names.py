"""Identifiers are made of the glossary's terms: no part of one is a word of its column *not*.

In prose most of these words are plain English; documents, docstrings and comments are searched for
those that would be metaphors.
"""

import re
from pathlib import Path

import pytest

from tests.identifiers import ROOT, identifiers, parts
from tests.prose import prose, prose_of_python, prose_of_sql

GLOSSARY = ROOT / "docs" / "glossary.md"
# Names of somebody else, of the API's JSON, and common words of a library.
EXTERNAL = {
    "GroupNews", "MethodLink", "NOT_FOUND", "NotFound", "RECURRING", "found", "is_ready", "keep",
    "keepalive_timeout",
    "keeps", "known", "may", "meaning", "most", "news", "ready", "recurring", "said", "standing",
    "words",
}  # fmt: skip
# A test's name is a sentence, in which only words that are nothing else are out of place.
NEVER = {
    "agenda", "backstage", "bell", "desk", "door", "doors", "heal", "heals", "house", "houses",
    "neighbour", "parked", "room", "rooms", "shop",
}  # fmt: skip
CONNECTIVES = {"a", "an", "as", "credit", "debit", "fact", "file", "of", "parameters"}

# Words that have no literal meaning in our documents.
METAPHORS = {
    "agenda", "backstage", "bell", "bells", "clinic", "desk", "door", "doors", "heal", "healing",
    "heals", "house", "houses", "mend", "mends", "mirror", "mirrors", "neighbour", "neighbours",
    "parked", "postman", "room", "rooms", "rung", "shop", "shops", "vouch", "vouches",
}  # fmt: skip
DOCUMENTS = [
    *(path for path in ROOT.glob("*.md")),
    *(path for path in (ROOT / "docs").rglob("*.md") if path != GLOSSARY),
    *(ROOT / ".ci").iterdir(),
    ROOT / ".env.example",
    ROOT / ".pre-commit-config.yaml",
    ROOT / ".squawk.toml",
    ROOT / "Makefile",
    ROOT / "pyproject.toml",
    ROOT / "backend" / "doctor" / "findings.toml",
]
NAMES = re.compile(r"`[^`\n]*`|\{\w+\}|^\[[\w.]+\]", re.MULTILINE)


def forbidden_terms() -> set[str]:
    """The words of the columns *not*; those in brackets count in their row's meaning alone."""
    found: set[str] = set()
    column = -1
    for line in GLOSSARY.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if not line.startswith("|"):
            column = -1
        elif column < 0:
            column = cells.index("not") if "not" in cells else -1
        elif len(cells) > column:
            found |= set(re.findall("[a-z]+", re.sub(r"\[[^\]]*\]", "", cells[column])))
    return found - CONNECTIVES


def breaches() -> set[str]:
    """`file: identifier` of those with a word that is out of place."""
    wrong = forbidden_terms()
    return {
        f"{file}: {name}"
        for file, name in identifiers()
        if name not in EXTERNAL
        and (wrong & NEVER if name.startswith("test_") else wrong) & set(parts(name))
    }


def test_the_glossary_has_words_that_are_out_of_place() -> None:
    assert {"shop", "bell", "told", "parked", "door"} <= forbidden_terms()


def test_identifiers_are_made_of_the_glossarys_terms() -> None:
    assert breaches() == set(), "docs/glossary.md says what to write instead"


def metaphors_in(text: str) -> set[str]:
    """The words of METAPHORS in a text, names in backticks, braces and brackets aside."""
    return METAPHORS & set(re.findall("[a-z]+", NAMES.sub(" ", text).lower()))


def test_a_metaphor_is_found_and_a_name_is_not() -> None:
    assert metaphors_in("The bell of `/stripe/neighbour`, {parked}\n[events.parked]") == {"bell"}


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_documents_have_no_metaphors_for_the_glossarys_terms(path: Path) -> None:
    assert metaphors_in(path.read_text(encoding="utf-8")) == set()


def test_docstrings_and_comments_have_no_metaphors_for_the_glossarys_terms() -> None:
    wrong = {f"{file}: {text}": words for file, text in prose() if (words := metaphors_in(text))}
    assert wrong == {}, "docs/glossary.md says what to write instead"


def test_prose_is_docstrings_and_comments_and_no_code(tmp_path: Path) -> None:
    (python := tmp_path / "a.py").write_text('"""One."""\nx = "two"  # three\n')
    body = "$$ begin -- three\n x := 'four'; end $$"
    (sql := tmp_path / "a.sql").write_text(
        f"-- one\ncomment on table t is\n'two''s';\ncreate function f() as {body};"
    )
    assert [*prose_of_python(python)] == ["# three", "One."]
    assert [*prose_of_sql(sql)] == ["-- one", "two's", "-- three"]
