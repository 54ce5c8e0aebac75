"""The rules of the repository: sizes, names, and who may import whom."""

import ast
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
FOLDERS = ("backend", "bot", "sandbox", "tests")
MAX_FILE_LINES = 300  # lines of any kind; 40 to 150 is what a file wants to be
MEANINGLESS_NAMES = {"base", "common", "core", "helpers", "manager", "misc", "util", "utils"}


def python_files(folder: str) -> Iterator[Path]:
    """Every Python file of a top-level folder, in order."""
    return iter(sorted((ROOT / folder).rglob("*.py")))


def every_file() -> list[Path]:
    return [path for folder in FOLDERS for path in python_files(folder)]


def test_no_file_is_longer_than_a_person_reads_in_one_go() -> None:
    others = [
        path
        for folder in (*FOLDERS, "supabase")
        for ending in ("sql", "html", "css", "js")
        for path in (ROOT / folder).rglob(f"*.{ending}")
    ]
    lengths = {path: len(path.read_text().splitlines()) for path in [*every_file(), *others]}
    assert {path: n for path, n in lengths.items() if n > MAX_FILE_LINES} == {}


def test_every_file_has_a_name_that_tells_what_is_in_it() -> None:
    words = {path: set(path.stem.lower().split("_")) for path in every_file()}
    assert [path for path, text in words.items() if text & MEANINGLESS_NAMES] == []


def private_swaps(source: str) -> Iterator[str]:
    """`file.store._database = ...` and `setattr(store, "_database", ...)`, as they are written."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Attribute(value=owner, attr=name, ctx=ast.Store() | ast.Del()):
                is_own = isinstance(owner, ast.Name) and owner.id in ("self", "cls")
            case ast.Call(func=function, args=[_, ast.Constant(value=str(name)), *_]):
                is_own = not ast.unparse(function).endswith(("setattr", "delattr"))
            case _:
                continue
        if name.startswith("_") and not is_own:
            yield ast.unparse(node)


def test_no_test_swaps_a_private_attribute() -> None:
    found = {path: [*private_swaps(path.read_text())] for path in python_files("tests")}
    assert {path: swaps for path, swaps in found.items() if swaps} == {}
    assert [*private_swaps('a.b._c = 1; p.setattr(a.b, "_c", 1); self._c = 1; a._c()')] == [
        "a.b._c",
        "p.setattr(a.b, '_c', 1)",
    ]


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    """Import-linter's own verdict on the tree in `folder`, with its own cache."""
    program = "from importlinter.cli import lint_imports_command as run; run()"
    return subprocess.run(
        [sys.executable, "-c", program, "--no-cache"],
        cwd=folder,
        capture_output=True,
        text=True,
        env={"PYTHONPATH": str(folder)},
        check=False,
    )


def test_the_import_laws_are_kept() -> None:
    verdict = lint_imports(ROOT)
    assert verdict.returncode == 0, verdict.stdout


PRODUCT_FIRST = "nothing of the product imports the sandbox"
STRIPE = "only the Stripe client imports stripe"
PARSERS = "parsers of Stripe's objects call neither Stripe nor the database"
DATABASE = "only backend/database/ imports the database's libraries"
ROUTES = "service functions import neither aiohttp nor telegram"


# Of each law, modules that break it: where they are, and what they import.
BREACHES = {
    "backend/ never imports bot/": [("backend/payments", "import bot")],
    PRODUCT_FIRST: [
        ("backend/payments", "import sandbox.store"),
        ("bot/payments", "import sandbox.store"),
    ],
    STRIPE: [
        ("backend/payments", "import stripe"),
        ("bot/payments", "import stripe"),
        ("sandbox", "import stripe"),
    ],
    DATABASE: [("backend/payments", "import asyncpg"), ("bot/payments", "import asyncpg")],
    PARSERS: [("backend/stripe/parsers", "import backend.database.protocol")],
    ROUTES: [("backend/payments", "import aiohttp.web"), ("backend/payments", "import telegram")],
    "of backend/, bot/ imports only the schemas": [("bot/payments", "import backend.opening")],
}


def test_each_breach_of_the_import_laws_is_noticed(tmp_path: Path) -> None:
    """All of them at once, each in a module of its own that the law's report must name."""
    for folder in ("backend", "bot", "sandbox"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__py*"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    expected: dict[str, str] = {}
    for law, breaches in BREACHES.items():
        for folder, line in breaches:
            name = f"breach_{len(expected)}"
            (tmp_path / folder / f"{name}.py").write_text(f"{line}\n")
            package = line.removeprefix("import ").partition(".")[0]
            expected[f"{folder.replace('/', '.')}.{name} -> {package}"] = law
    verdict = lint_imports(tmp_path)
    assert verdict.returncode == 1, verdict.stdout + verdict.stderr
    assert {law for law in BREACHES if f"{law} BROKEN" not in verdict.stdout} == set()
    reports = re.split(r"\n(?=[^\n]+\n-{5,}\n)", verdict.stdout)
    for chain, law in expected.items():
        [report] = [each for each in reports if each.startswith(f"{law}\n-")]
        assert chain in report
