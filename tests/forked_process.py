"""`python -m MODULE` without its imports: forked from a process that has made them already.

Imports are most of what a short command costs, and tests run hundreds. So each process of pytest
has one `tests/fork_server.py`, as soon as a test needs it. A fork gets arguments, environment,
folder and streams of its own, runs the module as `__main__`, and ends as `python -m` would. A test
that is about the start itself (imports, a fresh interpreter) uses the fixture `real_processes`.

tests/conftest.py loads this with `pytest_plugins = ["tests.forked_process"]`.
"""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests import leftover_processes
from tests.fork_server import NUMBER, Order

ROOT = str(Path(__file__).parents[1])
only_real = list[bool]()  # not empty while they are asked for
_servers: list[tuple["subprocess.Popen[bytes]", socket.socket]] = []  # none or one


@pytest.fixture
def real_processes() -> Iterator[None]:
    """Start interpreters instead of forks for the length of the test."""
    only_real.append(True)
    yield
    only_real.pop()


@dataclass
class ForkedProcess:
    """A fork, with the part of `asyncio.subprocess.Process` that tests use."""

    pid: int
    stdout: asyncio.StreamReader
    stderr: asyncio.StreamReader
    returncode: int | None = None
    ended: "asyncio.Task[int] | None" = None

    async def wait(self) -> int:
        """Wait for its end; return the exit code, or minus the number of a signal."""
        assert self.ended
        return await asyncio.shield(self.ended)

    async def communicate(self) -> tuple[bytes, bytes]:
        """Wait for its end; return the rest of its output and errors."""
        out, err, _ = await asyncio.gather(self.stdout.read(), self.stderr.read(), self.wait())
        return out, err

    def send_signal(self, number: int) -> None:
        """Send it a signal, unless it has ended."""
        if self.returncode is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def terminate(self) -> None:
        """Send it SIGTERM."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """Send it SIGKILL."""
        self.send_signal(signal.SIGKILL)


class _Pipe(asyncio.StreamReaderProtocol):
    """One end of a pipe, of which the other end is given to a fork."""

    def __init__(self) -> None:
        self.reader = asyncio.StreamReader(limit=2**24)
        super().__init__(self.reader)
        self.closed = asyncio.get_running_loop().create_future()

    def connection_lost(self, exc: Exception | None) -> None:
        """Everybody else has closed it."""
        super().connection_lost(exc)
        if not self.closed.done():
            self.closed.set_result(None)


async def start_module(
    module: str,
    *arguments: str,
    environment: Mapping[str, str],
    folder: str,
) -> Process | ForkedProcess:
    """Run `python -m module ...` in `folder` with this environment and the mark of this run.

    It is an interpreter of its own with the fixture `real_processes`, and everywhere but on Linux.
    """
    environment = {"PYTHONPATH": ROOT, **environment, **leftover_processes.MARK}
    if only_real or sys.platform != "linux":
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", module, *arguments),
            cwd=folder, env=environment, stdin=DEVNULL, stdout=PIPE, stderr=PIPE,
        )  # fmt: skip
    loop = asyncio.get_running_loop()
    pipes, descriptors = [], []
    for _ in range(3):
        ours, theirs = os.pipe()
        descriptors.append(theirs)
        _, pipe = await loop.connect_read_pipe(_Pipe, os.fdopen(ours, "rb", 0))
        pipes.append(pipe)
    order = Order(module, list(arguments), environment, folder)
    socket.send_fds(_server(), [order.written()], descriptors)
    for descriptor in descriptors:
        os.close(descriptor)
    out, err, status = pipes
    pid = int.from_bytes(await status.reader.readexactly(NUMBER), "little")
    test = os.environ.get("PYTEST_CURRENT_TEST", "")
    leftover_processes.FORKS[pid] = f"python -m {module} {' '.join(arguments)} {test}"
    process = ForkedProcess(pid, out.reader, err.reader)

    async def end() -> int:
        code = int.from_bytes(await status.reader.readexactly(NUMBER), "little", signed=True)
        process.returncode = code
        del leftover_processes.FORKS[pid]
        await asyncio.gather(*(pipe.closed for pipe in pipes))
        return code

    process.ended = asyncio.create_task(end())
    return process


def _server() -> socket.socket:
    """Where orders go."""
    if not _servers:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        environment = {"PATH": os.environ["PATH"], "PYTHONPATH": ROOT, **leftover_processes.MARK}
        with theirs:
            process = subprocess.Popen(
                [sys.executable, "-m", "tests.fork_server", str(theirs.fileno())],
                cwd=ROOT, env=environment, pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            )  # fmt: skip
        _servers.append((process, ours))
        leftover_processes.AT_END.append(_end_server)
    return _servers[0][1]


def _end_server() -> None:
    """Nobody can be forked any more. What was and still runs shows the server's environment."""
    process, control = _servers.pop()
    control.close()
    process.wait(60)
