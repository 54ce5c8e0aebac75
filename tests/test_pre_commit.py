"""The hooks before a commit are the linters of `make lint`: what passes here passes there."""

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent


def test_each_linter_of_make_lint_is_a_hook_and_no_other_is() -> None:
    hooks = (ROOT / ".pre-commit-config.yaml").read_text()
    entries = re.findall(r"(?m)^ +entry: bash -c '\.venv/bin/(.+)'$", hooks)
    makefile = (ROOT / "Makefile").read_text()
    [checks] = re.findall(r"(?ms)^define LINTERS\n(.+?)\nendef$", makefile)
    assert entries == checks.splitlines()


def test_a_hook_runs_what_is_here_and_fetches_nothing() -> None:
    hooks = (ROOT / ".pre-commit-config.yaml").read_text()
    assert re.findall(r"(?m)^ *- repo: (.+)$", hooks) == ["local"]
    assert set(re.findall(r"(?m)^ +language: (.+)$", hooks)) == {"system", "pygrep"}
