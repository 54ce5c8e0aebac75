"""Run a command as this process, which ends with the one that started it, however that ended.

    python -I -S sandbox/runner/tied_process.py PARENT COMMAND [ARGUMENT ...]

PARENT is the process id of whoever starts this. On Linux the kernel sends SIGTERM when the parent
is gone (PR_SET_PDEATHSIG, prctl(2)); one that was gone before this was asked for shows in getppid,
and then the command is not run. The kernel watches the thread that forked, so the parent must start
this from a thread that lives as long as itself. Elsewhere only the second holds.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main(parent: str, *command: str) -> None:
    """Become the command; does not return."""
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.prctl(PR_SET_PDEATHSIG, int(signal.SIGTERM), 0, 0, 0) != 0:
            sys.exit(f"prctl: {os.strerror(ctypes.get_errno())}")
    if os.getppid() != int(parent):
        sys.exit(f"process {parent}, which started this, has ended")
    os.execv(command[0], command)  # noqa: S606 (no shell: this is another program's turn)


if __name__ == "__main__":
    main(*sys.argv[1:])
