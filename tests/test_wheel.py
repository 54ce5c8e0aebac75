"""What `pip install` of our wheel gives: everything, in a folder without a checkout around it."""

import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.postgres.cluster import EmbeddedPostgres

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parent.parent
SOURCES = ("backend", "bot", "sandbox", "supabase")
BESIDE = ("pyproject.toml", "setup.py", "MANIFEST.in", "README.md", "LICENSE", ".env.example")


def run(*command: str | Path, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """A command that sees nothing of our environment, and what it said."""
    return subprocess.run(
        command, cwd=cwd, env={"PATH": "/usr/bin:/bin", **environment},
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy, because a build leaves folders behind where it runs."""
    copy = tmp_path_factory.mktemp("sources")
    for name in SOURCES:
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / name, copy / name, ignore=ignored)
    for name in BESIDE:
        shutil.copy(ROOT / name, copy)
    options = ("--no-deps", "--no-build-isolation", "--disable-pip-version-check")
    built = run(sys.executable, "-m", "pip", "wheel", *options, "-w", "dist", ".", cwd=copy)
    assert built.returncode == 0, built.stdout + built.stderr
    [file] = (copy / "dist").glob("*.whl")
    return file


@pytest.fixture(scope="module")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of an environment that has the wheel, and what it needs from ours.

    Our own site-packages are on its path by a `.pth`, whose own `.pth`, that of the editable
    install, is not read: nothing leads to the checkout.
    """
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, symlinks=True)
    packages = folder / "lib" / f"python{sysconfig.get_python_version()}" / "site-packages"
    (packages / "needed.pth").write_text(sysconfig.get_path("purelib") + "\n")
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(packages)
    made = folder / "bin" / "python"
    where = run(
        made, "-c", "import backend, bot, sandbox; print(backend, bot, sandbox)", cwd=folder
    )
    assert where.stdout.count(str(packages)) == 3, where
    return made


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Path]:
    """A folder with nothing in it; a command that only looks leaves nothing there."""
    yield tmp_path
    assert list(tmp_path.iterdir()) == []


def test_it_carries_every_file_that_is_read_at_run_time(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    read = {
        str(path.relative_to(ROOT))
        for folder in ("backend", "bot", "sandbox")
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }
    assert read - names == set()
    migrations = {path.name for path in (ROOT / "supabase" / "migrations").glob("*.sql")}
    carried = {name.rpartition("/")[2] for name in names if "/migration_files/" in name}
    assert carried == migrations


async def test_migrate_brings_a_database_up_to_date(
    python: Path, empty: Path, postgres: EmbeddedPostgres
) -> None:
    url = await postgres.create_database("from_the_wheel")
    first = run(python, "-m", "backend", "migrate", cwd=empty, SUPABASE_DB_URL=url)
    assert first.returncode == 0, first.stderr
    assert first.stdout.splitlines()[0].startswith("applied 2")
    second = run(python, "-m", "backend", "migrate", cwd=empty, SUPABASE_DB_URL=url)
    assert second.stdout == "The database is up to date.\n"
    await postgres.drop_database("from_the_wheel")


def test_doctor_says_which_settings_are_missing(python: Path, empty: Path) -> None:
    said = run(python, "-m", "backend", "doctor", cwd=empty)
    assert said.returncode == 1
    assert "STRIPE_SECRET_KEY" in said.stdout
    assert "Traceback" not in said.stdout + said.stderr


def test_the_bot_says_which_settings_are_missing(python: Path, empty: Path) -> None:
    said = run(python, "-m", "bot", cwd=empty)
    assert said.returncode == 2
    assert "TELEGRAM_BOT_TOKEN: is missing" in said.stderr
    assert "Traceback" not in said.stderr


def test_the_sandbox_plays_a_topup(python: Path, empty: Path) -> None:
    said = run(python, "-m", "sandbox", "demo", cwd=empty)
    assert said.returncode == 0, said.stdout + said.stderr
    assert "Balance: €50.00" in said.stdout
