"""The real processes as people start them: `python -m sandbox run`, on free ports."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from sandbox.postgres.cluster import EmbeddedPostgres
from sandbox.runner.environment import SETTINGS
from sandbox.runner.ports import Ports, free_ports

LAST_LINE = "Ctrl-C stops everything"
# On a busy machine anything takes long; a wait that succeeds costs nothing.
SECONDS_TO_START = 120.0
SECONDS_TO_STOP = 60.0


@dataclass
class System:
    """A running sandbox: its addresses, its folder, and what it has printed."""

    process: asyncio.subprocess.Process
    ports: Ports
    folder: Path
    printed: list[str] = field(default_factory=list)

    @property
    def database_url(self) -> str:
        """The address of its database, as the owner."""
        return EmbeddedPostgres(self.folder / "postgres").database_url()

    async def wait_for(self, words: str, seconds: float) -> None:
        """Read its output until a line has these words; AssertionError where it ends before."""
        assert self.process.stdout is not None
        async with asyncio.timeout(seconds):
            async for line in self.process.stdout:
                self.printed.append(line.decode().rstrip())
                if words in self.printed[-1]:
                    return
        raise AssertionError(f"It ended without saying {words!r}:\n" + "\n".join(self.printed))

    async def stop(self, number: signal.Signals = signal.SIGINT) -> int:
        """Send a signal, by default that of Ctrl-C; return the exit code."""
        self.process.send_signal(number)
        output, _ = await asyncio.wait_for(self.process.communicate(), SECONDS_TO_STOP)
        self.printed += output.decode().splitlines()
        return await self.process.wait()


@asynccontextmanager
async def running_system(
    folder: Path, ports: Ports | None = None, **settings: str
) -> AsyncIterator[System]:
    """Run a sandbox for the length of the block; the test may stop it earlier."""
    system = await start_system(folder, ports, **settings)
    try:
        await system.wait_for(LAST_LINE, SECONDS_TO_START)
        yield system
    finally:
        if system.process.returncode is None:
            await system.stop()


async def system_by_webhook(folder: Path) -> AsyncIterator[System]:
    """Run a sandbox whose bot is in webhook mode: Telegram posts updates to the backend."""
    ports = Ports(*free_ports(2))
    webhook = {
        "TELEGRAM_WEBHOOK_URL": f"{ports.backend_url}/telegram/webhook",
        "TELEGRAM_WEBHOOK_SECRET": "sixteen-or-more-characters",
    }
    async with running_system(folder, ports, **webhook) as running:
        yield running


async def start_system(folder: Path, ports: Ports | None = None, **settings: str) -> System:
    """Start a sandbox, and do not wait for it."""
    ports = ports or Ports(*free_ports(2))
    return System(await start("run", **settings_for(folder, ports), **settings), ports, folder)


def settings_for(folder: Path, ports: Ports) -> dict[str, str]:
    """Return the settings for `run` with this folder and these ports."""
    chosen = {"PORT": str(ports.backend), "SANDBOX_PORT": str(ports.sandbox)}
    return {**chosen, "DATA_DIR": str(folder)}


async def start(*command: str, **settings: str) -> asyncio.subprocess.Process:
    """Start `python -m sandbox <command>` with these settings only, in a folder without `.env`."""
    environment = {name: value for name, value in os.environ.items() if name not in SETTINGS}
    root = str(Path(__file__).parent.parent.parent)
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-W", "error", "-m", "sandbox", *command),
        env={"PYTHONPATH": root, **environment, **settings},
        cwd="/",
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
    )


def short_folder() -> Iterator[Path]:
    """Yield a folder whose path is short enough for a socket; pytest's own can be too deep."""
    with TemporaryDirectory(prefix="e2e ") as folder, suppress(FileNotFoundError):
        yield Path(folder)


def processes_of(folder: Path) -> list[str]:
    """Return every process of this machine that was started for this folder: "pid command line"."""
    listing = subprocess.run(
        ["/bin/ps", "eww", "-A", "-o", "pid=,stat=,args="],
        capture_output=True,
        text=True,
        check=True,
    )
    lines = (line.split(maxsplit=2) for line in listing.stdout.splitlines() if str(folder) in line)
    return [
        f"{pid} {args}" for pid, stat, args in lines if "Z" not in stat and "/bin/ps" not in args
    ]
