"""A child process that is started, watched, restarted and stopped."""

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.runner.environment import ROOT
from sandbox.runner.failures import StartFailed

SETTINGS_REFUSED = 2  # the exit code of a child whose settings are missing or wrong
SETTINGS_ADVICE = (
    "Correct that in the environment or in .env, or take all settings of that service out: the"
    " sandbox stands in for what is not set."
)
# A child ends with its parent, however that ended.
TIED = (sys.executable, "-I", "-S", str(Path(__file__).with_name("tied_process.py")))

Output = Callable[[str], None]  # prints a line for whoever started the sandbox
Process = asyncio.subprocess.Process


@dataclass(frozen=True)
class ChildTimeouts:
    """Timeouts of a child process, in seconds.

    `to_start` until it is ready, `to_stop` from SIGTERM to SIGKILL, `between_starts` from its end
    to its next start. After `max_ends` in a row, each within `short_life`, it is given up.
    """

    to_start: float = 60.0
    to_stop: float = 2.0  # two children and the rest stop within 5 s
    between_starts: float = 1.0
    short_life: float = 5.0
    max_ends: int = 20


@asynccontextmanager
async def beside(keeper: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Run `keeper` for the length of the block; where it fails, the block ends with its error."""
    try:
        async with asyncio.TaskGroup() as group:
            task = group.create_task(keeper)
            try:
                yield
            finally:
                task.cancel()
    except BaseExceptionGroup as failures:
        raise failures.exceptions[0] from None


class Child:
    """`python -m <name> [arguments]` with a log, an environment and a process group of its own.

    It runs in the data folder, where there is no `.env`, and logs to `logs/<name>.log` there. Its
    modules are those below `root`.
    """

    def __init__(
        self,
        *command: str,
        environment: Mapping[str, str],
        folder: Path,
        output: Output,
        root: Path = ROOT,
        timeouts: ChildTimeouts = ChildTimeouts(),
    ) -> None:
        """Take the command, its environment, the data folder, and where to print."""
        self._command = command
        self._environment = {**environment, "PYTHONPATH": str(root), "PYTHONUNBUFFERED": "1"}
        self._folder = folder
        self._output = output
        self._timeouts = timeouts
        self._log = folder / "logs" / f"{command[0]}.log"
        self._begins = self._log.stat().st_size if self._log.exists() else 0

    async def finish(self) -> None:
        """Run it to its end. Raises StartFailed unless it exits with 0."""
        process = await self._start()
        try:
            if await process.wait() != 0:
                raise self._failure(f"ended with {_ending(process)}", process.returncode)
        finally:
            await self._stop(process)

    @asynccontextmanager
    async def keep_running(self, ready: Callable[[], Awaitable[bool]]) -> AsyncIterator[None]:
        """Run it for the length of the block, and start it again whenever it ends by itself.

        The block begins once `ready()` returns true, which asks the child. Raises StartFailed when
        it ends before that, or takes too long, and ends the block with it when the child cannot be
        kept running.
        """
        self._output(f"Starting the {self._command[0]} ...")
        processes = [await self._start()]
        try:
            await self._until(ready, processes[0])
            async with beside(self._start_again(processes)):
                yield
        finally:
            await self._stop(processes[-1])

    async def has_logged(self, *events: str) -> bool:
        """Return whether each of these events was logged since this object was made."""
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
            async with asyncio.timeout(self._timeouts.to_start):
                while not await ready():
                    if process.returncode is not None:
                        raise self._failure(f"ended with {_ending(process)}", process.returncode)
                    await asyncio.sleep(0.05)
        except TimeoutError:
            seconds = f"{self._timeouts.to_start:.0f} s"
            raise self._failure(f"is not ready after {seconds}") from None

    async def _start_again(self, processes: list[Process]) -> None:
        short_lives = 0
        while True:
            began = time.monotonic()
            await processes[-1].wait()
            is_short = time.monotonic() - began < self._timeouts.short_life
            short_lives = short_lives + 1 if is_short else 0
            if short_lives >= self._timeouts.max_ends:
                raise self._failure(f"ended {short_lives} times in a row")
            end = f"ended with {_ending(processes[-1])}; starting it again. Its log: {self._log}"
            self._output(f"The {self._command[0]} {end}")
            await asyncio.sleep(self._timeouts.between_starts)
            try:
                processes.append(await self._start())
            except OSError as error:
                raise self._failure(f"cannot be started again ({error})") from None

    def _failure(self, what: str, code: int | None = None) -> StartFailed:
        log_end = f"The last lines of {self._log}:\n{tail(self._log, self._begins)}"
        advice = f"\n{SETTINGS_ADVICE}" if code == SETTINGS_REFUSED else ""
        return StartFailed(f"python -m {' '.join(self._command)} {what}. {log_end}{advice}")

    async def _stop(self, process: Process) -> None:
        """Send SIGTERM, wait a little, then send SIGKILL to what is left of its process group."""
        with suppress(ProcessLookupError, TimeoutError):
            process.terminate()
            await asyncio.wait_for(process.wait(), self._timeouts.to_stop)
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


def _event_of(line: bytes) -> str:
    try:
        entry = json.loads(line)
    except ValueError:
        return ""
    return str(entry.get("event")) if isinstance(entry, dict) else ""


def _ending(process: Process) -> str:
    code = process.returncode or 0
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"


def tail(log: Path, begins: int = 0) -> str:
    """Return the last lines of a log from byte `begins` on, indented; long ones are cut."""
    content = log.read_bytes()[begins:] if log.exists() else b""
    last_lines = content.decode(errors="replace").splitlines()[-15:]
    short = (line if len(line) < 600 else f"{line[:200]} ... {line[-400:]}" for line in last_lines)
    return "\n".join(f"  {line}" for line in short) or "  (nothing)"
