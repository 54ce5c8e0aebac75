"""Where nothing may skip, a skipped test fails the run; one that `-m` leaves out does not."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LEFT_OUT = """
import pytest

@pytest.mark.slow
def test_that_is_left_out():
    pytest.skip("never")

def test_that_runs():
    pass
"""
SKIPPED = """
def test_that_skips_itself():
    pytest.skip("no browser")
"""


def run(folder: Path, tests: str) -> tuple[int, str]:
    """Exit code and output, with PURSEBOT_NO_SKIPS=1."""
    (folder / "test_these.py").write_text(tests)
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "tests.no_skips", "-p", "no:cacheprovider",
         "-c", str(ROOT / "pyproject.toml"), "--rootdir", str(folder), "-m", "not slow",
         str(folder)],
        env={**os.environ, "PYTHONPATH": str(ROOT), "PURSEBOT_NO_SKIPS": "1"},
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return ended.returncode, ended.stdout + ended.stderr


@pytest.mark.slow
def test_a_skipped_test_fails_and_one_that_is_left_out_does_not(tmp_path: Path) -> None:
    code, said = run(tmp_path, LEFT_OUT)
    assert (code, "1 passed, 1 deselected" in said) == (0, True), said
    code, said = run(tmp_path, LEFT_OUT + SKIPPED)
    assert (code, "1 failed, 1 passed, 1 deselected" in said) == (1, True), said
    assert "Nothing may be skipped here (PURSEBOT_NO_SKIPS=1): Skipped: no browser" in said
