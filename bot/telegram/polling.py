"""Long polling that reads each update by itself: https://core.telegram.org/bots/api#getupdates.

An update is confirmed to Telegram once the backend has stored it, from where `UpdateWorker` claims
it; or, while the backend is away, once it was handled here. So a bot that is killed loses none.

The library's polling fetches a batch that it cannot read again and again, and ends at the first
404. This one confirms an update that it cannot read, and goes on.
"""

import asyncio
import json
import re
import time
from contextlib import suppress
from typing import Any, Final
from urllib.parse import urlencode

import structlog
from telegram import Update
from telegram.error import TelegramError

from bot.backend_api.errors import BackendError
from bot.telegram.connections import TelegramConnections
from bot.telegram.context import BotApplication
from bot.telegram.reachability import MIN_PAUSE, Reachability
from bot.telegram.update_reader import UpdateReader, id_of
from bot.telegram.updates import UpdateWorker

log = structlog.get_logger("bot")

POLL_SECONDS: Final = 20  # how long Telegram may hold a getUpdates without an update
ANSWER_SECONDS: Final = 10.0  # beyond that
CONFIRM_SECONDS: Final = 2.0  # for the last call, when the process is to stop
STORE_SECONDS: Final = 3.0  # for the backend to store an update
MAX_UPDATES: Final = 100
UNREADABLE_BEFORE_SINGLE: Final = 3
UNREADABLE_BEFORE_SKIPPED: Final = 3  # of answers with a single update
UPDATE_ID: Final = re.compile(rb'"update_id"\s*:\s*(\d{1,16})\b')


class UnreadableAnswer(TelegramError):
    """Telegram answered 200, but not in the documented form."""


class Poller:
    """Fetches updates and has the backend store them in order, until cancelled."""

    def __init__(
        self, application: BotApplication, reader: UpdateReader, worker: UpdateWorker
    ) -> None:
        """Take a started application, the reader of its updates, and what handles them."""
        self._application, self._reader, self._worker = application, reader, worker
        self._backend, self._is_storing = application.bot_data.backend, True
        self._reachability = Reachability("getUpdates")
        self._offset, self._limit, self._unreadable = 0, MAX_UPDATES, 0
        self._is_receiving = False
        self._recording: set[asyncio.Task[None]] = set()
        self._http = TelegramConnections(1)  # its own: 64 busy ones never hold it up

    async def run(self, allowed: tuple[str, ...]) -> None:
        """Poll for updates of the kinds `allowed` until cancelled; then confirm those stored."""
        async with self._http:
            try:
                pause = 0.0
                while True:
                    await asyncio.sleep(pause)
                    pause = await self._step(allowed)
            finally:
                with suppress(TelegramError, TimeoutError):
                    async with asyncio.timeout(CONFIRM_SECONDS):
                        await self._fetch(0, allowed)
                        await asyncio.gather(*self._recording)

    async def _step(self, allowed: tuple[str, ...]) -> float:
        """Fetch and hand over once; return for how many seconds to pause before the next."""
        started, offset = time.monotonic(), self._offset
        body = b""
        try:
            # Without a hold the first is answered at once, and the log says that the bot receives.
            body = await self._fetch(POLL_SECONDS if self._is_receiving else 0, allowed)
            updates = updates_in(body)
            await self._take(updates)
        except UnreadableAnswer as error:
            self._isolate(body)
            return self._reachability.failed(error)
        except TelegramError as error:
            return self._reachability.failed(error)
        except Exception as error:  # ours: it is no reason to stop receiving from everybody
            log.exception("polling_crashed")
            return self._reachability.failed(TelegramError(type(error).__name__))
        if updates and self._offset == offset:
            return self._reachability.failed(UnreadableAnswer("updates without an update_id"))
        self._received()
        if updates:
            return 0
        self._limit = MAX_UPDATES
        waited = time.monotonic() - started
        return max(MIN_PAUSE - waited, 0)  # no faster than MIN_PAUSE where Telegram answers at once

    def _received(self) -> None:
        """Record an answer that could be parsed."""
        self._reachability.succeeded()
        if not self._is_receiving:
            self._is_receiving = True
            log.info("update_receiver_started", by="polling")
        self._unreadable = 0

    async def _fetch(self, hold: int, allowed: tuple[str, ...]) -> bytes:
        """Return the answer as bytes: it is parsed here, so that one update cannot spoil the rest.

        `hold` is for how many seconds Telegram may wait for an update.
        """
        parameters = {"timeout": hold, "limit": self._limit, "allowed_updates": json.dumps(allowed)}
        if self._offset:
            parameters["offset"] = self._offset
        url = f"{self._application.bot.base_url}/getUpdates?{urlencode(parameters)}"
        return await self._http.retrieve(url, read_timeout=hold + ANSWER_SECONDS)

    async def _take(self, updates: list[Any]) -> None:
        """Have updates stored, so that the next call confirms them; record unreadable ones.

        Those that the backend does not store are handled here and confirmed after that: at most
        what was said meanwhile is said again if the process ends before.
        """
        unstored: list[Update] = []
        for raw in updates:
            if (update := self._reader.read(raw)) is None:
                self._record(raw)
            elif unstored or not await self._store(raw):
                unstored.append(update)
        await asyncio.gather(*(self._worker.handle_here(update) for update in unstored))
        ids = [update_id for raw in updates if (update_id := id_of(raw)) is not None]
        self._offset = max([self._offset, *(update_id + 1 for update_id in ids)])

    async def _store(self, raw: dict[str, Any]) -> bool:
        """Have the backend store an update; return whether it has."""
        try:
            async with asyncio.timeout(STORE_SECONDS):
                await self._backend.store_update(raw)
        except (BackendError, TimeoutError, ValueError) as error:  # ValueError: it is no valid JSON
            if self._is_storing:
                log.warning("updates_not_stored", reason=str(error) or "no answer in time")
            self._is_storing = False
            return False
        if not self._is_storing:
            log.info("updates_stored_again")
        self._is_storing = True
        return True

    def _isolate(self, body: bytes) -> None:
        """After unreadable answers fetch updates one by one, and skip the unreadable one."""
        self._unreadable += 1
        if self._limit > 1:
            if self._unreadable >= UNREADABLE_BEFORE_SINGLE:
                self._limit, self._unreadable = 1, 0
        elif self._unreadable >= UNREADABLE_BEFORE_SKIPPED and (match := UPDATE_ID.search(body)):
            update_id = int(match[1])
            log.error("update_skipped", update_id=update_id)
            self._offset, self._limit, self._unreadable = update_id + 1, MAX_UPDATES, 0
            self._record({"update_id": update_id})

    def _record(self, raw: Any) -> None:
        """Record an update in a task of its own, so that a slow backend delays no polling."""
        task = asyncio.create_task(self._reader.record(raw))
        self._recording.add(task)
        task.add_done_callback(self._recording.discard)


def updates_in(body: bytes) -> list[Any]:
    """Return the updates in an answer as parsed JSON. Raises UnreadableAnswer."""
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise UnreadableAnswer("no JSON") from error
    if not isinstance(answer, dict) or answer.get("ok") is not True:
        raise UnreadableAnswer("not ok")
    updates = answer.get("result")
    if not isinstance(updates, list):
        raise UnreadableAnswer("no list of updates")
    return updates
