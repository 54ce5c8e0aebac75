"""Ports of the backend and the sandbox on this machine."""

import secrets
import socket
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

from sandbox.runner.failures import CannotStart


@dataclass(frozen=True)
class Ports:
    """The ports of the backend and of the sandbox."""

    backend: int
    sandbox: int

    @property
    def backend_url(self) -> str:
        """The backend's base address, without a trailing slash."""
        return f"http://127.0.0.1:{self.backend}"

    @property
    def sandbox_url(self) -> str:
        """The base address of the local Stripe and the local Telegram, without a trailing slash."""
        return f"http://127.0.0.1:{self.sandbox}"


def ports_of(environment: Mapping[str, str]) -> Ports:
    """Return PORT (8080) and SANDBOX_PORT (8090).

    Raises CannotStart where one is no port number, or both are the same.
    """
    chosen = {"PORT": "8080", "SANDBOX_PORT": "8090", **environment}
    for name in ("PORT", "SANDBOX_PORT"):
        if not chosen[name].isdecimal() or not 0 < int(chosen[name]) < 65_536:
            raise CannotStart(f"{name} is {chosen[name]!r}; it must be a number from 1 to 65535.")
    ports = Ports(backend=int(chosen["PORT"]), sandbox=int(chosen["SANDBOX_PORT"]))
    if ports.backend == ports.sandbox:
        raise CannotStart(f"PORT and SANDBOX_PORT are both {ports.backend}; give each its own.")
    return ports


def free_ports(count: int) -> list[int]:
    """Return different ports of this machine on which nobody listens now.

    They are below those that the kernel lends to outgoing connections (32768 and up on Linux), of
    which one may be taken before the port is used.
    """
    ports: list[int] = []
    while len(ports) < count:
        port = 20_000 + secrets.randbelow(12_000)
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            if port not in ports:
                ports.append(port)
    return ports
