"""Run a command as this process, which ends when the process that started it has ended.

    python -I -S sandbox/runner/tied_process.py PARENT COMMAND [ARGUMENT ...]

PARENT is the process id of whoever starts this. On Linux the kernel sends SIGTERM when the parent
is gone (PR_SET_PDEATHSIG, prctl(2)); a parent that ended before that was requested shows in
getppid, and then the command is not run. The kernel watches the thread that forked, so the parent
must start this from a thread that lives as long as itself. On other systems only getppid is used.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main(parent: str, *command: str) -> None:
    """Replace this process by the command; it does not return."""
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.prctl(PR_SET_PDEATHSIG, int(signal.SIGTERM), 0, 0, 0) != 0:
            sys.exit(f"prctl: {os.strerror(ctypes.get_errno())}")
    if os.getppid() != int(parent):
        sys.exit(f"process {parent}, which started this, has ended")
    os.execv(command[0], command)  # noqa: S606 (no shell: this is another program's turn)


if __name__ == "__main__":
    main(*sys.argv[1:])
