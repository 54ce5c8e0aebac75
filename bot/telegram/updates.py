"""Handling of updates that the backend has stored, whether they were polled or posted.

A claim is reported after its handlers have run. If the process ends before, the update is handed
out again, and repeats its requests to the backend under the same idempotency keys.
"""

import asyncio
from collections import deque
from typing import Final
from uuid import UUID

import structlog
from telegram import Update

from backend.schemas import ClaimedUpdate
from bot.backend_api.claiming import process_claims
from bot.backend_api.client import BackendClient
from bot.backend_api.errors import BackendError
from bot.telegram.context import BotApplication
from bot.telegram.update_reader import UpdateReader

log = structlog.get_logger("bot")

AT_ONCE: Final = 32
REMEMBERED: Final = 1000  # updates that were handled, which may come again: stored, or polled


class UpdateWorker:
    """Handles updates: many chats in parallel, each chat in order, and each update once.

    An update may come twice: the backend stored it, and its answer was too late for the poller.
    """

    def __init__(
        self, application: BotApplication, backend: BackendClient, reader: UpdateReader
    ) -> None:
        """Take a started application, the backend to claim from, and the reader of updates."""
        self._application, self._backend, self._reader = application, backend, reader
        self._claims: dict[int, UUID] = {}  # the latest, of the updates that are being handled
        self._running_here: dict[int, asyncio.Event] = {}  # set when the handlers have ended
        self._handled: deque[int] = deque(maxlen=REMEMBERED)

    async def run(self) -> None:
        """Handle updates until cancelled; then finish those begun."""
        await process_claims(self._claim, self._handle, AT_ONCE)

    async def handle_here(self, update: Update) -> None:
        """Run the handlers of an update that the backend has not stored, or not said so.

        One that was claimed already is stored, and left to its claim.
        """
        update_id = update.update_id
        if update_id in self._claims or update_id in self._handled:
            return
        ended = self._running_here[update_id] = asyncio.Event()
        try:
            await self._run_handlers(update)
        finally:
            del self._running_here[update_id]
            ended.set()

    async def _claim(self, wait: int) -> list[ClaimedUpdate]:
        return (await self._backend.claim_updates(wait)).updates

    async def _handle(self, claimed: ClaimedUpdate) -> None:
        """Run the handlers of an update, then report it.

        Where its claim ran out while they ran, it was claimed again: they do not run twice, nor
        where they run or ran without a claim. An unreadable one is rejected at once, so that the
        next of its chat does not wait for it.
        """
        is_running = claimed.id in self._claims
        self._claims[claimed.id] = claimed.claim
        if is_running:
            return
        try:
            if ended := self._running_here.get(claimed.id):
                await ended.wait()
            if (update := self._reader.read(claimed.body)) is None:
                await self._reader.record(claimed.body)
            elif claimed.id in self._handled or await self._run_handlers(update):
                await self._report(claimed)
        finally:
            del self._claims[claimed.id]

    async def _run_handlers(self, update: Update) -> bool:
        """Run the handlers in their chat's turn; `on_error` handles their errors.

        Returns whether they ran to their end; what did not is handed out again, a few times.
        """
        try:
            processing = self._application.process_update(update)
            await self._application.update_processor.process_update(update, processing)
        except Exception:
            log.exception("update_crashed", update_id=update.update_id)
            return False
        self._handled.append(update.update_id)
        return True

    async def _report(self, claimed: ClaimedUpdate) -> None:
        latest = claimed.model_copy(update={"claim": self._claims[claimed.id]})
        try:
            await self._backend.mark_update_handled(latest)
        except BackendError as error:  # the claim expires, and it is handed out again
            log.warning("result_not_reported", error=str(error), update_id=claimed.id)
