"""A process that has imported the product and is forked for each `python -m MODULE` of a test.

`tests/forked_process.py` starts it and sends it orders: one message each, with three descriptors,
for stdout, stderr and the server's replies: the fork's process id and later its exit code, each in
`NUMBER` bytes. It ends when the other end of its socket is closed; its forks go on.
"""

import gc
import importlib
import json
import os
import runpy
import select
import signal
import socket
import sys
from contextlib import suppress
from dataclasses import dataclass

NUMBER = 4  # bytes: little-endian, signed
MESSAGE = 100_000  # bytes, at most
# Both of their `__main__` import at their top all that they need, but for what the backend's
# commands work with.
PRELOADED = ("backend.__main__", "backend.app", "backend.doctor", "bot.__main__")


@dataclass(frozen=True)
class Order:
    """An order: the module to run, its arguments, environment and folder."""

    module: str
    arguments: list[str]
    environment: dict[str, str]
    folder: str

    @classmethod
    def read(cls, message: bytes) -> "Order":
        """Parse a message that `written` made."""
        return cls(**json.loads(message))

    def written(self) -> bytes:
        """Return the order as one message."""
        return json.dumps(vars(self)).encode()


def preload() -> None:
    """Import what takes long. A `__main__` is removed again, since it is run and not imported."""
    for name in PRELOADED:
        importlib.import_module(name)
        if name.endswith(".__main__"):
            del sys.modules[name]
    threads = os.listdir("/proc/self/task")
    assert len(threads) == 1, "a process with threads cannot be forked safely"
    gc.freeze()


def serve(control: socket.socket) -> Order | None:
    """Return an order in each fork, and None in the server when there are no more orders."""
    forks: dict[int, int] = {}  # by process id: where its end is told
    woken, wakes = socket.socketpair()
    woken.setblocking(False)
    wakes.setblocking(False)
    signal.set_wakeup_fd(wakes.fileno(), warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for whoever started this
    while True:
        ready, _, _ = select.select([control, woken], [], [])
        if woken in ready:
            woken.recv(MESSAGE)
            report_ended(forks)
        if control not in ready:
            continue
        message, descriptors, _, _ = socket.recv_fds(control, MESSAGE, 3)
        if not message:
            return None
        out, err, status = descriptors
        process = os.fork()
        if process == 0:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            signal.signal(signal.SIGINT, signal.default_int_handler)
            os.dup2(out, 1)
            os.dup2(err, 2)
            for other in (control, woken, wakes):
                other.close()
            for descriptor in (*descriptors, *forks.values()):
                os.close(descriptor)
            return Order.read(message)
        os.close(out)
        os.close(err)
        os.write(status, process.to_bytes(NUMBER, "little"))
        forks[process] = status


def report_ended(forks: dict[int, int]) -> None:
    """Write the exit codes of ended forks, or minus the numbers of the signals that ended them."""
    while forks:
        process, status = os.waitpid(-1, os.WNOHANG)
        if not process:
            return
        code = os.waitstatus_to_exitcode(status)
        where = forks.pop(process)
        with suppress(BrokenPipeError):  # nobody wants to know any more
            os.write(where, code.to_bytes(NUMBER, "little", signed=True))
        os.close(where)


if __name__ == "__main__":
    preload()
    if order := serve(socket.socket(fileno=int(sys.argv[1]))):
        os.environ.clear()
        os.environ.update(order.environment)
        os.chdir(order.folder)
        sys.argv = [order.module, *order.arguments]
        # Not caught: how this ends is how the interpreter ends, with its traceback and exit code.
        runpy.run_module(order.module, run_name="__main__", alter_sys=True)
