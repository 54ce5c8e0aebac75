"""What the documents say is there: links lead somewhere, names are real, lists are whole."""

import re
from pathlib import Path

import pytest

from backend.errors import PursebotError, tree
from backend.http import errors as http_errors
from backend.stripe.events import EVENT_TYPES
from sandbox.runner.environment import SETTINGS

ROOT = Path(__file__).parent.parent
DOCUMENTS = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_to_a_file_leads_to_one(document: Path) -> None:
    links = re.findall(r"(?:\]\(|src=\")([^)\"#]+)", document.read_text())
    inside = [link for link in links if "://" not in link]
    assert [link for link in inside if not (document.parent / link).exists()] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_file_that_is_named_exists(document: Path) -> None:
    named = re.findall(
        r"`((?:backend|bot|sandbox|supabase|tests)/[\w/*.-]+)`", document.read_text()
    )
    examples = {"supabase/migrations/YYYYMMDDHHMMSS_noun.sql"}
    assert [each for each in {*named} - examples if not [*ROOT.glob(each)]] == []


def test_going_live_names_the_events_that_the_webhook_knows() -> None:
    page = (ROOT / "docs" / "going-live.md").read_text()
    listed = re.findall(r"(?m)^ +([a-z_]+\.[a-z_.]+)$", page)
    assert sorted(listed) == sorted(EVENT_TYPES)


@pytest.mark.parametrize("name", ["README.md", "SECURITY.md", "docs/going-live.md"])
def test_a_setting_that_is_named_exists(name: str) -> None:
    named = re.findall(r"`([A-Z]+(?:_[A-Z]+)+)(?:=[^`]*)?`", (ROOT / name).read_text())
    assert set(named) - SETTINGS == set()


def test_a_code_of_an_error_that_is_named_exists() -> None:
    codes = {error.code for error in tree(PursebotError)}
    assert http_errors.TooSlow.code in codes  # all are loaded
    page = (ROOT / "docs" / "troubleshooting.md").read_text()
    named = re.findall(r"\b[45]\d\d `([a-z_]+)`", page)
    assert named
    assert set(named) - codes == set()
