"""What others rely on changes only on purpose: with a committed file that shows it."""

import difflib
from pathlib import Path

import pytest

from tests.snapshots.log_calls import UntraceableEvent, log_events
from tests.snapshots.surface import FOLDER, SNAPSHOTS


@pytest.mark.parametrize("name", SNAPSHOTS)
def test_what_is_seen_from_outside_is_as_committed(name: str) -> None:
    committed = (FOLDER / name).read_text().splitlines()
    current = SNAPSHOTS[name]().splitlines()
    diff = difflib.unified_diff(committed, current, f"{name} as committed", "as it is", lineterm="")
    said = "\n".join(diff)
    assert not said, (
        f"{said}\nIf others should see this, `make snapshots`, and CHANGELOG.md says it."
    )


def events(tmp_path: Path, *lines: str) -> list[str]:
    """The log events of a program with one module of these lines."""
    (tmp_path / "program").mkdir()
    made = 'import structlog\nlog = structlog.get_logger("program")\n'
    (tmp_path / "program" / "module.py").write_text(made + "\n".join(lines))
    return list(log_events(tmp_path, "program"))


def test_an_event_is_listed_with_its_level_and_fields(tmp_path: Path) -> None:
    line = 'log.error("crashed", path=path, code=1, exc_info=error, **facts)'
    assert events(tmp_path, line) == ["program error crashed ... code path"]


def test_a_logger_that_another_module_made_is_followed(tmp_path: Path) -> None:
    (tmp_path / "program").mkdir()
    (tmp_path / "program" / "a.py").write_text("import structlog\nlog = structlog.get_logger()\n")
    (tmp_path / "program" / "b.py").write_text('from program.a import log\nlog.info("started")\n')
    assert list(log_events(tmp_path, "program")) == ["program info started"]


@pytest.mark.parametrize(
    "line",
    [
        "log.info(name)",
        'log.info(f"refused_{name}")',
        "log.info()",
        'log.bind(path=path).info("crashed")',
        "say = log.info",
        'getattr(log, level)("crashed")',
        'log.log(level, "crashed")',
    ],
)
def test_an_event_that_a_search_would_not_find_is_refused(line: str, tmp_path: Path) -> None:
    with pytest.raises(UntraceableEvent, match=r"program.module\.py:3: "):
        events(tmp_path, line)
