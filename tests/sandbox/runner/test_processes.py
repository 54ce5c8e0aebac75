"""Children are started, watched and stopped; what goes wrong is told with their last words."""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from sandbox.runner.failures import StartFailed
from sandbox.runner.processes import TIED, Child, ChildTimeouts, tail

Write = Callable[..., Child]


@pytest.fixture
def printed() -> list[str]:
    return []


@pytest.fixture
def child(tmp_path: Path, printed: list[str]) -> Write:
    """`child(source)`: a child that is a module of this source."""

    def write(source: str, **timeouts: Any) -> Child:
        (tmp_path / "actor.py").write_text(source)
        return Child(
            "actor",
            environment=dict(os.environ),
            folder=tmp_path,
            output=printed.append,
            root=tmp_path,
            timeouts=ChildTimeouts(**timeouts),
        )

    return write


def log_has(tmp_path: Path, words: str, times: int = 1) -> Callable[[], Awaitable[bool]]:
    async def ready() -> bool:
        log = tmp_path / "logs" / "actor.log"
        return log.exists() and log.read_text().count(words) >= times

    return ready


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(60):
        while not await condition():
            await asyncio.sleep(0.02)


async def test_a_task_that_ends_well_says_nothing(child: Write, printed: list[str]) -> None:
    await child("print('done')").finish()
    assert printed == []


async def test_a_task_that_fails_is_told_with_its_last_words(child: Write) -> None:
    with pytest.raises(StartFailed, match=r"(?s)exit code 3.*no such table"):
        await child("print('no such table'); raise SystemExit(3)").finish()


async def test_a_child_that_ends_before_it_is_ready_is_told_at_once(
    child: Write, tmp_path: Path
) -> None:
    broken = child("raise SystemExit('SUPABASE_DB_URL: is missing')")
    with pytest.raises(StartFailed, match=r"(?s)exit code 1.*SUPABASE_DB_URL"):
        async with broken.keep_running(log_has(tmp_path, "never")):
            pass


async def test_a_child_whose_settings_are_refused_ends_with_the_next_step(child: Write) -> None:
    broken = child("print('STRIPE_SECRET_KEY: is missing'); raise SystemExit(2)")
    with pytest.raises(StartFailed, match=r"(?s)STRIPE_SECRET_KEY.*stands in for what is not set"):
        await broken.finish()


async def test_a_child_that_is_never_ready_is_given_up(child: Write, tmp_path: Path) -> None:
    slow = child("input = __import__('time').sleep(60)", to_start=0.2)
    with pytest.raises(StartFailed, match="is not ready after"):
        async with slow.keep_running(log_has(tmp_path, "never")):
            pass


async def test_a_child_that_dies_is_started_again_and_said_so(
    child: Write, printed: list[str], tmp_path: Path
) -> None:
    source = "import os; print('born', flush=True); os.kill(os.getpid(), 9)"
    dying = child(source, between_starts=0.05)
    async with dying.keep_running(log_has(tmp_path, "born")):
        await until(log_has(tmp_path, "born", times=3))
    assert "signal SIGKILL" in printed[1]
    assert "starting it again" in printed[1]


async def test_a_child_that_dies_at_once_again_and_again_is_given_up_with_its_last_words(
    child: Write, printed: list[str], tmp_path: Path
) -> None:
    source = "print('born', flush=True); raise SystemExit('no disk is left')"
    dying = child(source, between_starts=0.01, max_ends=3)

    async def run() -> None:
        async with dying.keep_running(log_has(tmp_path, "born")):
            await asyncio.sleep(60)

    with pytest.raises(StartFailed, match=r"(?s)ended 3 times in a row.*no disk is left"):
        await run()
    assert len(printed) == 3  # that it starts, and twice that it starts again


async def test_a_child_is_asked_to_stop_and_finishes_what_it_does(
    child: Write, tmp_path: Path
) -> None:
    polite = child(
        "import signal, sys, time\n"
        "signal.signal(signal.SIGTERM, lambda *_: (print('goodbye'), sys.exit()))\n"
        "print('hello', flush=True)\n"
        "time.sleep(60)\n"
    )
    async with polite.keep_running(log_has(tmp_path, "hello")):
        pass
    assert await log_has(tmp_path, "goodbye")()


async def test_a_child_that_does_not_listen_is_killed_with_all_it_started(
    child: Write, tmp_path: Path
) -> None:
    deaf = child(
        "import os, signal, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "reading, writing = os.pipe()\n"
        "if os.fork() == 0:\n"
        f"    open({str(tmp_path / 'grandchild')!r}, 'w').write(str(os.getpid()))\n"
        "    print('born', flush=True)\n"
        "time.sleep(60)\n",
        to_stop=0.2,
    )
    async with deaf.keep_running(log_has(tmp_path, "born")):
        grandchild = int((tmp_path / "grandchild").read_text())
    async with asyncio.timeout(60):  # nobody here is its parent, to wait for its end
        while not is_gone(grandchild):
            await asyncio.sleep(0.02)


def is_gone(process: int) -> bool:
    """Ended, whether or not whoever inherited it has looked yet."""
    stat = Path(f"/proc/{process}/stat")
    return not stat.exists() or stat.read_text().rsplit(")", 1)[1].split()[0] == "Z"


async def test_a_child_is_ready_when_its_log_has_the_event_and_not_by_a_line_of_before(
    child: Write, tmp_path: Path
) -> None:
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "actor.log").write_text('{"event": "started"}\n')
    slow = child(
        "import os, time\n"
        "print('started', flush=True)\n"
        f"while not os.path.exists({str(tmp_path / 'allowed')!r}): time.sleep(0.02)\n"
        """print('{"event": "started"', end='', flush=True)\n"""
        """print(', "bot": "a_bot"}', flush=True)\n"""
        "time.sleep(600)\n"
    )

    async def ready() -> bool:
        is_ready = await slow.has_logged("started")
        assert not is_ready or (tmp_path / "allowed").exists()
        if await log_has(tmp_path, "started", times=2)():
            (tmp_path / "allowed").touch()
        return is_ready

    async with slow.keep_running(ready):
        assert await slow.has_logged("started")


async def test_a_child_whose_parent_is_gone_already_does_nothing(tmp_path: Path) -> None:
    """The parent died between its fork and the child's request to be told of that."""
    nobody = str(2**22 + 1)  # above every process id of Linux
    command = [*TIED, nobody, sys.executable, "-c", f"open({str(tmp_path / 'done')!r}, 'w')"]
    process = await asyncio.create_subprocess_exec(*command, stderr=asyncio.subprocess.PIPE)
    _, errors = await process.communicate()
    assert process.returncode == 1
    assert b"has ended" in errors
    assert not (tmp_path / "done").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child of its parent's end")
@pytest.mark.parametrize("seconds", [0.0, 0.01, 0.03, 0.1, 0.5])
async def test_a_killed_parent_takes_its_child_along_at_whatever_moment(
    seconds: float, tmp_path: Path
) -> None:
    parent = (
        "import os, subprocess, sys, time\n"
        "child = subprocess.Popen([*sys.argv[2:], str(os.getpid()), '/bin/sleep', '600'])\n"
        f"open({str(tmp_path / 'child')!r}, 'w').write(str(child.pid))\n"
        "time.sleep(float(sys.argv[1]))\n"
        "os.kill(os.getpid(), 9)\n"
    )
    command = (sys.executable, "-c", parent, str(seconds), *TIED)
    killed = await asyncio.create_subprocess_exec(*command)
    await killed.wait()
    child = int((tmp_path / "child").read_text())
    async with asyncio.timeout(60):
        while not is_gone(child):
            await asyncio.sleep(0.02)


def test_the_end_of_a_log_is_short_enough_to_read(tmp_path: Path) -> None:
    (log := tmp_path / "long.log").write_text("first\n" * 100 + "x" * 10_000 + " the end\n")
    assert len(tail(log)) < 1_500
    assert tail(log).endswith("the end")
    assert tail(tmp_path / "none.log") == "  (nothing)"
