"""No test leaves a process: one that this run started and that runs at its end fails it.

Processes are recognized by a mark in their environment, which their children inherit. A test that
starts one with an environment of its own puts `MARK` into it. A fork (`tests/forked_process.py`)
shows the environment of the server that it was forked from, which is marked; its command and test
are in `FORKS`. Where there is no `/proc`, nothing is checked.

tests/conftest.py loads this with `pytest_plugins = ["tests.leftover_processes"]`.
"""

import os
import signal
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

NAME = "PURSEBOT_TEST_RUN"
MARK = {NAME: uuid.uuid4().hex}  # of this process: pytest itself, or one of xdist's workers
SECONDS_TO_END = 60.0  # for what was told to end and has not yet
FORKS: dict[int, str] = {}  # by process id: the command, and the test that started it
AT_END: list[Callable[[], None]] = []  # what ends the servers that were started for many tests

os.environ.update(MARK)


@pytest.fixture(scope="session", autouse=True)
def no_process_is_left() -> Iterator[None]:
    """Assert after all tests that no marked process runs; kill those that do.

    It is set up before every other fixture, so that it checks after the last of them has ended.
    """
    yield
    while AT_END:
        AT_END.pop()()
    deadline = time.monotonic() + SECONDS_TO_END
    while (left := marked_processes()) and time.monotonic() < deadline:
        time.sleep(0.1)
    for process in left:
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
    assert not left, "These processes were left:\n" + "\n".join(left.values())


def marked_processes() -> dict[int, str]:
    """Return the running marked processes by id: their command, and the test that started each."""
    collected = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has just ended, or belongs to somebody else
            environment = (folder / "environ").read_bytes().decode(errors="replace").split("\0")
            if f"{NAME}={MARK[NAME]}" in environment and int(folder.name) != os.getpid():
                command = (folder / "cmdline").read_text(errors="replace").replace("\0", " ")
                tests = [each for each in environment if each.startswith("PYTEST_CURRENT_TEST=")]
                known = FORKS.get(int(folder.name), f"{command}{' '.join(tests)}")
                collected[int(folder.name)] = f"{folder.name} {known}"
    return collected
