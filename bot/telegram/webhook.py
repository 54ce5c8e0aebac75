"""Webhook mode: Telegram posts updates to the backend, which stores them."""

from telegram.error import BadRequest

from bot.app import ALLOWED_UPDATES
from bot.settings import Webhook
from bot.telegram.context import BotApplication


class WebhookRefused(Exception):
    """Telegram does not take TELEGRAM_WEBHOOK_URL; the message is its own."""


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
