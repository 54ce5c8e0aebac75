"""What a module of this package tells `backend/__main__.py` about its command."""

from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Coroutine
from dataclasses import dataclass


def no_arguments(_parser: ArgumentParser) -> None:
    """Add nothing: the command takes none."""


@dataclass(frozen=True)
class Command:
    """A command: what `--help` says of it, what it does, and its arguments.

    `run` gives the exit code, None for 0. What it raises is told by `__main__.main`.
    """

    help: str
    run: Callable[[Namespace], Coroutine[None, None, int | None]]
    add_arguments: Callable[[ArgumentParser], None] = no_arguments
    description: str | None = None
