"""Webhook mode: Telegram posts to the backend, which stores; here it is claimed and handled.

A claim is answered after its handlers have run. If the process dies before, the update comes
again, and what it asked of the backend is asked under the same key.
"""

import structlog

from backend.schemas import ClaimedUpdate
from bot.app import ALLOWED_UPDATES
from bot.backend_api.client import BackendClient
from bot.backend_api.errors import BackendError
from bot.backend_api.work_queues import process_claims
from bot.settings import Webhook
from bot.telegram.context import BotApplication
from bot.telegram.update_reader import UpdateReader

log = structlog.get_logger("bot")


class UpdateWorker:
    """Handles claimed updates as the application handles polled ones."""

    def __init__(self, application: BotApplication, backend: BackendClient) -> None:
        """`application` must be started."""
        self._application, self._backend = application, backend
        self._reader = UpdateReader(application.bot, backend)
        self._has_claimed = False

    async def run(self) -> None:
        """Handle until cancelled; then finish what was begun."""
        await process_claims(self._claim, self._handle)

    async def _claim(self, wait: int) -> list[ClaimedUpdate]:
        """Claim; the first time, take over: a token has one receiver, and another's is dead."""
        wait = wait if self._has_claimed else 0
        claimed = await self._backend.claim_updates(wait, takeover=not self._has_claimed)
        self._has_claimed = True
        return claimed.updates

    async def _handle(self, claimed: ClaimedUpdate) -> None:
        """Run the handlers, then report it; the error handler answers what goes wrong in them.

        What cannot be read is given up at once: the next of its chat does not wait for it.
        """
        if (update := self._reader.read(claimed.body)) is None:
            await self._reader.record(claimed.body)
            return
        try:
            processing = self._application.process_update(update)
            await self._application.update_processor.process_update(update, processing)
        except Exception:  # not answered: it comes again, until the backend gives it up
            log.exception("update_crashed", update_id=claimed.id)
            return
        try:
            await self._backend.mark_update_handled(claimed)
        except BackendError as error:  # the claim runs out, and it comes again
            log.warning("result_not_reported", error=str(error), update_id=claimed.id)


async def set_webhook(application: BotApplication, webhook: Webhook) -> None:
    """Have Telegram post updates from now on, also those it holds already. Raises TelegramError."""
    await application.bot.set_webhook(
        webhook.url, allowed_updates=ALLOWED_UPDATES, secret_token=webhook.secret.get_secret_value()
    )
