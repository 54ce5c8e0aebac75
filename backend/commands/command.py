"""The type of a command, as each module of this package defines one."""

from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Coroutine
from dataclasses import dataclass


def no_arguments(_parser: ArgumentParser) -> None:
    """Add nothing, for commands without arguments."""


@dataclass(frozen=True)
class Command:
    """A command: its help texts, its function, and what adds its arguments.

    `run` returns the exit code, None for 0; `__main__.main` reports what it raises.
    """

    help: str
    run: Callable[[Namespace], Coroutine[None, None, int | None]]
    add_arguments: Callable[[ArgumentParser], None] = no_arguments
    description: str | None = None
