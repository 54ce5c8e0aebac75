"""What the documents say is there: links lead somewhere, names are real, lists are whole."""

import fnmatch
import re
import subprocess
from pathlib import Path

import pytest

from backend.errors import PursebotError, tree
from backend.http import errors as http_errors
from backend.stripe.events import EVENT_TYPES
from bot.handlers import COMMANDS
from sandbox.runner.environment import SETTINGS

ROOT = Path(__file__).parent.parent
DOCUMENTS = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_to_a_file_leads_to_one(document: Path) -> None:
    links = re.findall(r"(?:\]\(|src=\")([^)\"#]+)", document.read_text())
    inside = [link for link in links if "://" not in link]
    assert [link for link in inside if not (document.parent / link).exists()] == []


def named_in(document: Path, pattern: str) -> set[str]:
    """What `pattern` finds in the backticks and in the blocks of code of a page."""
    text = re.sub(r"(?ms)^```mermaid\n.*?^```", "", document.read_text())
    code = re.findall(r"`([^`\n]+)`", text) + re.findall(r"(?ms)^```\w*\n(.*?)^```", text)
    code += re.findall(r"(?m)^ {4,}(\S.*)$", text)
    return {name for each in code for name in re.findall(pattern, each)}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_two_rows_of_a_table_are_about_the_same(document: Path) -> None:
    for table in re.findall(r"(?m)(?:^\|.*\n)+", document.read_text()):
        subjects = re.findall(r"(?m)^\| ((?:[^|\\\n]|\\.)*) \|", table)
        assert [each for each in set(subjects) if each and subjects.count(each) > 1] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_name_in_sql_that_is_named_exists(document: Path) -> None:
    created = re.compile(r"(?m)^create (?:or replace )?(?:function|table|view|type) (\w+\.\w+)")
    files = (ROOT / "supabase" / "migrations").glob("*.sql")
    there = {name for path in files for name in created.findall(path.read_text())}
    assert "api.receive_events" in there
    assert named_in(document, r"(?<![\w.])(?:api|private)\.\w+\b(?!<)") - there == set()


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_attribute_of_a_module_or_class_that_is_named_exists(document: Path) -> None:
    dotted = named_in(document, r"(?<![\w./])((?:backend|bot|sandbox|tests)(?:\.\w+)+)(?![\w/])")
    assert [name for name in dotted if not is_there(name)] == []


def is_there(name: str) -> bool:
    """Whether `package.module.name` is a module, or defined or imported in one."""
    *modules, last = name.split(".")
    path = ROOT.joinpath(*modules, last)
    if path.is_dir() or path.with_suffix(".py").exists():
        return True
    file = ROOT.joinpath(*modules)
    file = file / "__init__.py" if file.is_dir() else file.with_suffix(".py")
    return file.exists() and re.search(rf"\b{last}\b", file.read_text()) is not None


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_command_that_is_named_exists(document: Path) -> None:
    targets = set(re.findall(r"(?m)^([a-z]+):", (ROOT / "Makefile").read_text()))
    assert named_in(document, r"\bmake ([a-z]+)") - targets == set()
    parser = (ROOT / "backend" / "commands").glob("*.py")
    commands = {path.stem.replace("_", "-") for path in parser}
    named = named_in(document, r"python -m backend ([a-z][a-z-]+)")
    assert named - commands - {"and"} == set()


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_file_that_is_named_exists(document: Path) -> None:
    named = re.findall(
        r"`((?:backend|bot|sandbox|supabase|tests)/[\w/*.-]+)`", document.read_text()
    )
    examples = {"supabase/migrations/YYYYMMDDHHMMSS_noun.sql"}
    assert [each for each in {*named} - examples if not [*ROOT.glob(each)]] == []
    folders = ("backend", "bot", "sandbox", "supabase", "tests")
    bare = re.findall(r"`([\w*-]+\.(?:py|sql|toml|html|js))`", document.read_text())
    everywhere = [path for folder in folders for path in (ROOT / folder).rglob("*.*")]
    names = {path.name for path in [*ROOT.iterdir(), *everywhere]}
    assert [each for each in bare if not fnmatch.filter(names, each)] == []


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


def test_what_is_to_be_looked_for_in_a_log_is_written_there() -> None:
    page = (ROOT / "docs" / "troubleshooting.md").read_text()
    cells = [cell for line in page.splitlines() for cell in line.split("|") if " log" in cell]
    named = {name for cell in cells for name in re.findall(r"`([a-z]+(?:_[a-z]+)+)`", cell)}
    sources = [path for folder in ("backend", "bot") for path in (ROOT / folder).rglob("*.py")]
    said = {name for path in sources for name in re.findall(r'"(\w+)"', path.read_text())}
    said |= {error.code for error in tree(PursebotError)}
    metrics = (ROOT / "tests" / "snapshots" / "metrics.txt").read_text().split()
    assert "stripe_event_thin_rejected" in named
    assert named - said - {*metrics} - {"request_id"} == set()


def test_the_readme_has_every_command_of_the_bot() -> None:
    page = (ROOT / "README.md").read_text()
    table = page.partition("\n## In the chat\n")[2].partition("\n## ")[0]
    assert COMMANDS.keys() - set(re.findall(r"`/(\w+)", table)) == set()


def test_the_changelog_has_the_sections_of_keep_a_changelog() -> None:
    """https://keepachangelog.com/en/1.1.0/; a version is `Unreleased` or has a date."""
    text = (ROOT / "CHANGELOG.md").read_text()
    for version in re.split(r"(?m)^## ", text)[1:]:
        title, *sections = re.split(r"(?m)^### ", version)
        assert re.fullmatch(r"Unreleased|\d+\.\d+\.\d+ - 20\d\d-\d\d-\d\d", title.strip())
        names = [section.splitlines()[0] for section in sections]
        known = ["Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"]
        assert names == [name for name in known if name in names]
        assert [
            name for name, each in zip(names, sections, strict=True) if "\n- " not in each
        ] == []


def test_what_a_recipe_names_is_there() -> None:
    page = (ROOT / "CONTRIBUTING.md").read_text()
    recipes = page.partition("\n## Recipes\n")[2].partition("\n## ")[0]
    named = set(re.findall(r"`@?([A-Za-z_][\w.]+)(?:\([^`]*\))?`", recipes))
    assert {"COMMANDS", "BODIES", "EVENT_TYPES"} <= named
    folders = ("backend", "bot", "sandbox", "supabase", "tests", "Makefile", ".squawk.toml")
    files = [path for folder in folders for path in (ROOT / folder, *(ROOT / folder).rglob("*.*"))]
    endings = (".py", ".sql", ".toml", "Makefile")
    sources = [path.read_text() for path in files if path.is_file() and path.name.endswith(endings)]
    words = {word for source in sources for word in re.findall(r"\w+", source)}
    assert [each for each in named if not set(each.split(".")) <= words] == []
    run = [path for args in re.findall(r'ARGS="([^"]+)"', recipes) for path in args.split()]
    assert [path for path in run if not (ROOT / path).exists()] == []


def test_what_the_supabase_cli_leaves_behind_never_comes_into_git() -> None:
    """`supabase link` writes .temp, a preview .branches; the file of signing keys is a secret."""
    left = ("supabase/.temp/project-ref", "supabase/.branches/_current_branch")
    command = ["git", "check-ignore", "--no-index", *left, "supabase/signing_keys.json"]
    ignored = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ignored.stdout.split() == [*left, "supabase/signing_keys.json"], ignored.stderr
