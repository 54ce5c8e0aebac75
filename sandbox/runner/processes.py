"""A child process that is kept running: started, watched, started again, stopped."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from sandbox.runner.environment import ROOT

SECONDS_TO_START = 60.0
SECONDS_TO_STOP = 2.0  # between SIGTERM and SIGKILL: two children and the rest stop within 5 s
PAUSE = 1.0  # seconds between the end of a child and its next start

# A child hears when its parent is gone, however it went: nobody is left behind.
TIED = (sys.executable, "-I", "-S", str(Path(__file__).with_name("tied_process.py")))

Say = Callable[[str], None]
Process = asyncio.subprocess.Process


class StartFailed(Exception):
    """A child did not come up; the message ends with the last lines of its log."""


class Child:
    """`python -m <name> [arguments]` with its own log, environment and process group.

    It runs in the data folder, where it finds no `.env` but only what it is given, and logs to
    `logs/<name>.log` there.
    """

    def __init__(
        self, *command: str, environment: Mapping[str, str], folder: Path, say: Say
    ) -> None:
        self._command = command
        self._environment = {**environment, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
        self._folder = folder
        self._say = say
        self._log = folder / "logs" / f"{command[0]}.log"
        self._begins = self._log.stat().st_size if self._log.exists() else 0

    async def finish(self) -> None:
        """Run it to its end; StartFailed unless it exits with 0."""
        process = await self._start()
        try:
            if await process.wait() != 0:
                raise self._failure(f"ended with {_ending(process)}")
        finally:
            await _stop(process)

    @asynccontextmanager
    async def kept_running(self, ready: Callable[[], Awaitable[bool]]) -> AsyncIterator[None]:
        """Started, and for the length of the block started again whenever it ends by itself.

        Yields once `ready()`, which asks the child; StartFailed when it ends before that, or takes
        too long.
        """
        self._say(f"Starting the {self._command[0]} ...")
        processes = [await self._start()]
        try:
            await self._until(ready, processes[0])
            keeper = asyncio.create_task(self._start_again(processes))
            try:
                yield
            finally:
                keeper.cancel()
                await asyncio.wait([keeper])
        finally:
            await _stop(processes[-1])

    async def has_logged(self, *events: str) -> bool:
        """Whether each of these events has a whole line of JSON in its log since this was made."""
        lines = self._log.read_bytes()[self._begins :].split(b"\n")[:-1]
        return {_event_of(line) for line in lines}.issuperset(events)

    async def _start(self) -> Process:
        self._log.parent.mkdir(exist_ok=True)
        with self._log.open("ab") as log:
            return await asyncio.create_subprocess_exec(
                *(*TIED, str(os.getpid()), sys.executable, "-m", *self._command),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self._folder,
                env=self._environment,
                start_new_session=True,  # Ctrl-C in the terminal is ours to pass on
            )

    async def _until(self, ready: Callable[[], Awaitable[bool]], process: Process) -> None:
        try:
            async with asyncio.timeout(SECONDS_TO_START):
                while not await ready():
                    if process.returncode is not None:
                        raise self._failure(f"ended with {_ending(process)}")
                    await asyncio.sleep(0.05)
        except TimeoutError:
            raise self._failure(f"is not ready after {SECONDS_TO_START:.0f} s") from None

    async def _start_again(self, processes: list[Process]) -> None:
        while True:
            await processes[-1].wait()
            end = f"ended with {_ending(processes[-1])}; starting it again. Its log: {self._log}"
            self._say(f"The {self._command[0]} {end}")
            await asyncio.sleep(PAUSE)
            processes.append(await self._start())

    def _failure(self, what: str) -> StartFailed:
        said = f"The last lines of {self._log}:\n{tail(self._log, self._begins)}"
        return StartFailed(f"python -m {' '.join(self._command)} {what}. {said}")


async def _stop(process: Process) -> None:
    """SIGTERM and some patience; then SIGKILL to whatever is left of its process group."""
    with suppress(ProcessLookupError, TimeoutError):
        process.terminate()
        await asyncio.wait_for(process.wait(), SECONDS_TO_STOP)
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    await process.wait()


def _event_of(line: bytes) -> str:
    try:
        found = json.loads(line)
    except ValueError:
        return ""
    return str(found.get("event")) if isinstance(found, dict) else ""


def _ending(process: Process) -> str:
    code = process.returncode or 0
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"


def tail(log: Path, begins: int = 0) -> str:
    """The last lines of a log from byte `begins` on, indented; of a very long line its two ends."""
    said = log.read_bytes()[begins:] if log.exists() else b""
    lines = said.decode(errors="replace").splitlines()
    short = (x if len(x) < 600 else f"{x[:200]} ... {x[-400:]}" for x in lines[-15:])
    return "\n".join(f"  {line}" for line in short) or "  (nothing)"
