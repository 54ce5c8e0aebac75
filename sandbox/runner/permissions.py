"""The data folder's modes: its secrets, wallets and logs are its owner's alone."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sandbox.runner.failures import CannotStart

FOR_OWNER = 0o700
FOR_OTHERS = stat.S_IRWXG | stat.S_IRWXO


@contextmanager
def private_files() -> Iterator[None]:
    """Close to others whatever this process and its children make during the block."""
    before = os.umask(FOR_OTHERS)
    try:
        yield
    finally:
        os.umask(before)


def close_to_others(data_dir: Path) -> None:
    """Give the folder 0700 and its files 0600, also those of an earlier version.

    PostgreSQL keeps the modes below its own folder itself. Raises CannotStart where the folder has
    more in it than a sandbox's data, and others may enter: somebody may count on that.
    """
    if data_dir.stat().st_mode & FOR_OTHERS:
        if any(data_dir.iterdir()) and not (data_dir / "secrets.json").exists():
            raise CannotStart(
                f"{data_dir} holds other things, and others may enter it. Set DATA_DIR to a folder"
                f" of the sandbox's own, or close it: chmod 700 {data_dir}"
            )
        data_dir.chmod(FOR_OWNER)
    logs = data_dir / "logs"
    for path in (logs, *data_dir.iterdir(), *(logs.iterdir() if logs.is_dir() else ())):
        close_file_to_others(path)


def close_file_to_others(path: Path) -> None:
    """Take away what others may do with one file or folder of ours, or of root's server."""
    if not path.exists() or path.is_symlink():
        return
    status = path.stat()
    if status.st_mode & FOR_OTHERS and os.geteuid() in (0, status.st_uid):
        path.chmod(stat.S_IMODE(status.st_mode) & ~FOR_OTHERS)
