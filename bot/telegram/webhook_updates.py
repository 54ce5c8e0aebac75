"""Webhook mode: Telegram posts updates to the backend, which stores them; they are claimed here.

A claim is reported after its handlers have run. If the process ends before, the update is handed
out again, and repeats its requests to the backend under the same idempotency keys.
"""

import structlog
from telegram.error import BadRequest

from backend.schemas import ClaimedUpdate
from bot.app import ALLOWED_UPDATES
from bot.backend_api.client import BackendClient
from bot.backend_api.errors import BackendError
from bot.backend_api.work_queues import process_claims
from bot.settings import Webhook
from bot.telegram.context import BotApplication
from bot.telegram.update_reader import UpdateReader

log = structlog.get_logger("bot")


class WebhookRefused(Exception):
    """Telegram does not take TELEGRAM_WEBHOOK_URL; the message is its own."""


class UpdateWorker:
    """Handles claimed updates as the application handles polled ones."""

    def __init__(self, application: BotApplication, backend: BackendClient) -> None:
        """Take a started application, and the backend to claim from."""
        self._application, self._backend = application, backend
        self._reader = UpdateReader(application.bot, backend)
        self._has_claimed = False

    async def run(self) -> None:
        """Handle updates until cancelled; then finish those begun."""
        await process_claims(self._claim, self._handle)

    async def _claim(self, wait: int) -> list[ClaimedUpdate]:
        """Claim updates; the first time also those of an earlier process, which has ended."""
        wait = wait if self._has_claimed else 0
        claimed = await self._backend.claim_updates(wait, takeover=not self._has_claimed)
        self._has_claimed = True
        return claimed.updates

    async def _handle(self, claimed: ClaimedUpdate) -> None:
        """Run the handlers of an update, then report it; `on_error` handles their errors.

        An unreadable one is rejected at once, so that the next of its chat does not wait for it.
        """
        if (update := self._reader.read(claimed.body)) is None:
            await self._reader.record(claimed.body)
            return
        try:
            processing = self._application.process_update(update)
            await self._application.update_processor.process_update(update, processing)
        except Exception:  # not reported: the backend hands it out again, a few times
            log.exception("update_crashed", update_id=claimed.id)
            return
        try:
            await self._backend.mark_update_handled(claimed)
        except BackendError as error:  # the claim expires, and it is handed out again
            log.warning("result_not_reported", error=str(error), update_id=claimed.id)


async def set_webhook(application: BotApplication, webhook: Webhook) -> None:
    """Have Telegram post updates from now on, including those that wait already.

    https://core.telegram.org/bots/api#setwebhook. Raises WebhookRefused where no repetition helps,
    and TelegramError.
    """
    secret = webhook.secret.get_secret_value()
    try:
        await application.bot.set_webhook(
            webhook.url, allowed_updates=ALLOWED_UPDATES, secret_token=secret
        )
    except BadRequest as error:
        raise WebhookRefused(error.message) from error
