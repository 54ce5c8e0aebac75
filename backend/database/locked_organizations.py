"""Organizations whose rows somebody else keeps locked, and the calls that wait for them.

A call waits for a lock LOCK_MILLISECONDS (`lock_timeout`), then PostgreSQL undoes it. From then on
the calls of its organization wait in a line of their own, without a connection; only the first of
the line tries again, from time to time and for a moment. So an organization that is locked takes
one connection now and then, and the others' calls find the rest free.
"""

import asyncio
import math
import re
import time
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar
from uuid import UUID

import structlog

log = structlog.get_logger("backend")

LOCK_MILLISECONDS: Final = 500  # of a call that knows of no lock
TRY_MILLISECONDS: Final = 50  # of the call that is first in its line, each time
PAUSE_SECONDS: Final = 0.1  # between two such tries
PATIENCE_SECONDS: Final = 5  # since the lock was met first; who comes later tries once
REMEMBERED_SECONDS: Final = 2  # since the last call that met it

# Ids of ours and of Stripe's, which lead to an organization.
ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|(cs|cus|evt|in|pi|pm|re|sub)_\w+")
SHARED = ("installation", "account")  # what all organizations have in common

Answer = TypeVar("Answer")


class StillLocked(Exception):
    """The rows that a call needs are locked; nothing of it was done."""


@dataclass
class Line:
    """The calls that wait for an organization, which is known by `keys`.

    `since` and `until` are times of time.monotonic(): when the lock was met first, and until when
    it is taken for locked. `turn` is held by the call that tries.
    """

    keys: set[str]
    since: float
    until: float
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def wait(self, attempt: Callable[[], Awaitable[Answer]]) -> Answer:
        """Wait for the turn, and make `attempt` until it succeeds.

        `attempt` raises StillLocked where it meets the lock. Raises StillLocked where that is so
        PATIENCE_SECONDS after it was met first.
        """
        deadline = self.since + PATIENCE_SECONDS
        try:
            async with asyncio.timeout(max(0, deadline - time.monotonic())):
                await self.turn.acquire()
        except TimeoutError:
            raise StillLocked from None
        try:
            while True:
                try:
                    answer = await attempt()
                except StillLocked:
                    now = time.monotonic()
                    self.until = now + REMEMBERED_SECONDS
                    if now >= deadline:
                        raise
                    await asyncio.sleep(PAUSE_SECONDS)
                else:
                    self.until = 0  # whoever meets a lock again begins another line
                    return answer
        finally:
            self.turn.release()


class LockedOrganizations:
    """The lines of all organizations that are locked, mostly none."""

    def __init__(self) -> None:
        """Begin with none."""
        self._lines: list[Line] = []

    def __bool__(self) -> bool:
        """Return whether any is locked."""
        now = time.monotonic()
        self._lines = [line for line in self._lines if line.until > now]
        return bool(self._lines)

    def find(self, keys: Collection[str], is_one: bool) -> Line | None:
        """Return the line of a call with these keys, if its organization is locked.

        A call about several (not `is_one`) stands in no line: it tries once more, and its caller
        goes on with each alone.
        """
        found = next((line for line in self._lines if not line.keys.isdisjoint(keys)), None)
        return found if found is None or is_one else Line(set(), -math.inf, -math.inf)

    def begin(self, keys: Collection[str], is_one: bool) -> Line:
        """Return the line of a call that met a lock; of several organizations one is locked."""
        if not is_one:
            return Line(set(), -math.inf, -math.inf)
        line = self.find(keys, is_one) if self else None
        if line is None:
            now = time.monotonic()
            line = Line(set(keys), now, now + REMEMBERED_SECONDS)
            self._lines.append(line)
            log.warning("organization_locked", keys=sorted(keys))
        return line


def ids_of(arguments: Mapping[str, Any]) -> set[str]:
    """Return the ids among a call's arguments by which its organization is found."""
    return {text for text in texts_of(arguments) if ID.fullmatch(text)}


def texts_of(value: Any) -> Iterator[str]:
    """Yield the texts and UUIDs in arguments, however deep, but for what all have in common."""
    if isinstance(value, Mapping):
        for name, each in value.items():
            if name not in SHARED:
                yield from texts_of(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from texts_of(each)
    elif isinstance(value, str | UUID):
        yield str(value)
