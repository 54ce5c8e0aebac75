"""`python -m bot`: builds the bot from its settings, runs it, and stops it in order."""

import argparse
import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Final

import structlog
from pydantic import SecretStr
from telegram.error import BadRequest, InvalidToken, TelegramError

from bot.app import ALLOWED_UPDATES, create_app, show_commands
from bot.backend_api.client import BackendClient
from bot.backend_api.transport import new_session
from bot.delivery.worker import DeliveryWorker
from bot.locales.texts import load_texts
from bot.logs import start_logging
from bot.settings import Settings, SettingsError, Webhook, read_settings
from bot.telegram.context import BotApplication
from bot.telegram.polling import Poller
from bot.telegram.reachability import REFUSALS_AT_START, reason_of, retry_until_answered
from bot.telegram.update_reader import UpdateReader
from bot.telegram.updates import UpdateWorker
from bot.telegram.webhook import WebhookRefused, set_webhook

log = structlog.get_logger("bot")

ABOUT: Final = """
Pursebot's Telegram side. Reads TELEGRAM_BOT_TOKEN and BOT_API_SECRET (both needed), BACKEND_URL and
TELEGRAM_API_BASE from the environment; with TELEGRAM_WEBHOOK_URL and TELEGRAM_WEBHOOK_SECRET it has
Telegram post to the backend, else it polls. SIGTERM and SIGINT finish what was begun and stop it.
Exit codes: 0 stopped, 1 failed or Telegram refused the token at the start, again and again for
eight seconds, 2 settings are missing or wrong. A bot that runs goes on trying.
"""


def main() -> int:
    """Run the bot from the command line; return the exit code, as `ABOUT` lists them."""
    argparse.ArgumentParser(prog="python -m bot", description=ABOUT).parse_args()
    try:
        settings = read_settings()
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    start_logging(value.get_secret_value() for _, value in settings if isinstance(value, SecretStr))
    return asyncio.run(run_until_signal(settings))


async def run_until_signal(settings: Settings) -> int:
    """Run the bot until a signal, a crash, or a token or webhook refused at the start.

    Returns the exit code: 0 after a signal, 1 otherwise.
    """
    stop_signal = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop_signal.set)
    tasks = (asyncio.create_task(run(settings)), asyncio.create_task(stop_signal.wait()))
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in tasks:
        task.cancel()
    ended, _ = await asyncio.gather(*tasks, return_exceptions=True)
    if isinstance(ended, InvalidToken):
        log.critical("token_refused", help="TELEGRAM_BOT_TOKEN or TELEGRAM_API_BASE is wrong")
        return 1
    if isinstance(ended, WebhookRefused):
        log.critical("webhook_refused", reason=str(ended), help="correct TELEGRAM_WEBHOOK_URL")
        return 1
    if isinstance(ended, Exception):
        log.critical("bot_crashed", exc_info=ended)
        return 1
    log.info("bot_stopped")
    return 0


async def run(settings: Settings) -> None:
    """Run the whole bot until cancelled.

    Raises InvalidToken or WebhookRefused when Telegram refuses the token or webhook at the start.
    """
    texts = load_texts()
    async with new_session() as session:
        backend = BackendClient(session, settings.backend_url, settings.bot_api_secret)
        application = create_app(settings, backend, texts)
        async with started(application, settings.webhook), asyncio.TaskGroup() as tasks:
            log.info("bot_started", bot=application.bot.username, webhook=bool(settings.webhook))
            tasks.create_task(DeliveryWorker(application.bot, backend, texts).run())


@asynccontextmanager
async def started(
    application: BotApplication, webhook: Webhook | None = None
) -> AsyncIterator[None]:
    """Receive and handle updates for the length of the block, then finish those begun.

    With a `webhook` Telegram posts updates to the backend, else the bot polls and has the backend
    store them; either way they are claimed there. Each way of receiving ends the other:
    https://core.telegram.org/bots/api#setwebhook. A webhook stays set while the bot is down, so
    that the backend goes on storing updates. Raises InvalidToken for a refused token, and
    WebhookRefused.
    """
    bot = application.bot
    async with AsyncExitStack() as stack:
        await retry_until_answered("getMe", application.initialize, REFUSALS_AT_START)
        stack.push_async_callback(application.shutdown)
        await application.start()
        stack.push_async_callback(application.stop)
        backend = application.bot_data.backend
        reader = UpdateReader(bot, backend)
        worker = UpdateWorker(application, backend, reader)
        await stack.enter_async_context(background_task(worker.run()))
        if webhook:
            await retry_until_answered("setWebhook", lambda: set_webhook(application, webhook))
            log.info("update_receiver_started", by="webhook")
        else:
            await retry_until_answered("deleteWebhook", bot.delete_webhook)
            poller = Poller(application, reader, worker)
            await stack.enter_async_context(background_task(poller.run(ALLOWED_UPDATES)))
        try:
            await show_commands(application)
        except TelegramError as error:
            log.warning("commands_not_set", reason=reason_of(error))
            await stack.enter_async_context(background_task(show_commands_later(application)))
        yield


@asynccontextmanager
async def background_task(work: Coroutine[None, None, None]) -> AsyncIterator[None]:
    """Run a task for the length of the block; cancel and await it at the end."""
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def show_commands_later(application: BotApplication) -> None:
    """Set the menus once Telegram accepts them; the bot works without them until then."""
    with suppress(BadRequest):
        await retry_until_answered("setMyCommands", lambda: show_commands(application))


if __name__ == "__main__":
    sys.exit(main())
