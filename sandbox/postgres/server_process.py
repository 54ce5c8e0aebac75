"""The server's processes: found by their title, started, stopped, and cleared away when they died.

Each of them has the server's `cluster_name` in its title (PostgreSQL sets that), which is made from
the path of its data, so that no other process is ever taken for one of them: the process id in a
pid file that was left behind can be anybody's by now.
"""

import hashlib
import os
import shlex
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from sandbox.postgres.programs import PostgresFailed, run_program
from sandbox.runner.processes import tail

STOP = ["stop", "-w", "-m", "fast"]
SERVER_OPTIONS = ["-h", "", "-p", "5432", "-c", "timezone=UTC"]
# A throwaway server may lose everything in a crash of the machine, and is faster for it.
THROWAWAY = ["-F", "-c", "synchronous_commit=off", "-c", "full_page_writes=off"]
PROC = Path("/proc")
ORPHANS_END_WITHIN = 10.0  # seconds: each ends by itself when it sees that the first one is gone


def cluster_name(data: Path) -> str:
    """Return the name that the processes of the server on this folder have in their titles."""
    return f"pursebot_{hashlib.sha256(os.fsencode(data.resolve())).hexdigest()[:16]}"


def start_server(data: Path, sockets: Path, log: Path, *, throwaway: bool) -> None:
    """Start the server and wait until it takes connections; it blocks the event loop.

    What an earlier one left is cleared away first. Raises PostgresFailed with the log's end.
    """
    clear_leftovers(data, sockets)
    options = [*SERVER_OPTIONS, "-c", f"cluster_name={cluster_name(data)}", "-k", f'"{sockets}"']
    options += THROWAWAY if throwaway else []
    start = ["start", "-w", "-l", str(log), "-o", shlex.join(options)]
    try:
        run_program("pg_ctl", *start, data=data, sockets=sockets)
    except PostgresFailed as failed:
        raise PostgresFailed(f"{failed}\nThe last lines of {log}:\n{tail(log)}") from None


def stop_server(data: Path) -> None:
    """Stop the server and leave no process of it, whether or not its pid file is there still."""
    with suppress(PostgresFailed):  # it is down already, or never came up
        run_program("pg_ctl", *STOP, data=data)
    for process in server_processes(data):  # its pid file is lost: this is what pg_ctl sends
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGINT)
    _end(data, wait=ORPHANS_END_WITHIN)


def clear_leftovers(data: Path, sockets: Path) -> None:
    """Stop the server of a supervisor that was killed, end its orphans, remove its stale files.

    A pid file names a running server only where that process is one by its title, or where a server
    answers on the socket that the file names.
    """
    file = data / "postmaster.pid"
    with suppress(FileNotFoundError, IndexError, ValueError):
        pid, _, _, _, socket_folder, *_ = file.read_text().splitlines()
        with suppress(PostgresFailed):
            if int(pid) not in server_processes(data):
                run_program("pg_isready", "-q", "-h", socket_folder, "-p", "5432", data=data)
            run_program("pg_ctl", *STOP, data=data)
    _end(data, wait=ORPHANS_END_WITHIN)
    for stale in (file, sockets / ".s.PGSQL.5432", sockets / ".s.PGSQL.5432.lock"):
        stale.unlink(missing_ok=True)


def _end(data: Path, wait: float) -> None:
    """Wait `wait` seconds for the processes of the server to end, then kill those that are left."""
    deadline = time.monotonic() + wait
    while processes := server_processes(data):
        if time.monotonic() >= deadline:
            for process in processes:
                with suppress(ProcessLookupError):
                    os.kill(process, signal.SIGKILL)
        time.sleep(0.02)


def server_processes(data: Path) -> list[int]:
    """Return the ids of the processes of the server on this folder; a zombie is none."""
    name = cluster_name(data)
    return [process for process, title in _titles() if name in title]


def is_running(process: int, data: Path) -> bool:
    """Return whether a process is there and one of the server's on this folder."""
    if not PROC.is_dir():
        return process in server_processes(data)
    return cluster_name(data) in _title(PROC / str(process))


def _titles() -> Iterator[tuple[int, str]]:
    """Yield the id and the title of each process of this machine."""
    if PROC.is_dir():
        for folder in PROC.iterdir():
            if folder.name.isdecimal():
                yield int(folder.name), _title(folder)
        return
    listing = subprocess.run(
        ["/bin/ps", "-A", "-o", "pid=,args="], capture_output=True, text=True, check=False
    )
    for line in listing.stdout.splitlines():
        process, _, title = line.strip().partition(" ")
        yield int(process), title


def _title(folder: Path) -> str:
    try:
        return (folder / "cmdline").read_bytes().decode(errors="replace")
    except OSError:  # it has ended
        return ""
