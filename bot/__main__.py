"""`python -m bot`: the only place that builds real things, and takes them down in order."""

import argparse
import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from typing import Final

import structlog
from pydantic import SecretStr
from telegram.error import BadRequest, Conflict, NetworkError, RetryAfter, TelegramError

from bot.app import ALLOWED_UPDATES, create_app, show_commands
from bot.backend_calls import new_session
from bot.backend_client import BackendClient
from bot.context import BotApplication
from bot.logs import start_logging
from bot.notifications import DeliveryWorker
from bot.settings import Settings, SettingsError, Webhook, read_settings
from bot.texts import load_texts
from bot.updates import UpdateWorker, ask_for_posts

log = structlog.get_logger("bot")

POLL: Final = timedelta(seconds=20)  # how long Telegram may hold a getUpdates without news
LONGEST_PAUSE: Final = 30.0
CONFLICT: Final = "only one bot may receive with this token: stop the other, or remove its webhook"
ABOUT: Final = """
Pursebot's Telegram side. Reads TELEGRAM_BOT_TOKEN and BOT_API_SECRET (both needed), BACKEND_URL and
TELEGRAM_API_BASE from the environment; with TELEGRAM_WEBHOOK_URL and TELEGRAM_WEBHOOK_SECRET it has
Telegram post to the backend, else it polls. SIGTERM and SIGINT finish what was begun and stop it.
Exit codes: 0 stopped, 1 failed or Telegram refused the token, 2 settings are missing or wrong.
"""


def main() -> int:
    """Answers the exit code."""
    argparse.ArgumentParser(prog="python -m bot", description=ABOUT).parse_args()
    try:
        settings = read_settings()
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    start_logging(value.get_secret_value() for _, value in settings if isinstance(value, SecretStr))
    return asyncio.run(until_told_to_stop(settings))


async def until_told_to_stop(settings: Settings) -> int:
    """Run the bot until a signal, a refused token or a crash; answers the exit code."""
    told, refused = asyncio.Event(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, told.set)
    running = asyncio.create_task(run(settings, refused.set))
    tasks = (running, asyncio.create_task(told.wait()), asyncio.create_task(refused.wait()))
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in tasks:
        task.cancel()
    ended, *_ = await asyncio.gather(*tasks, return_exceptions=True)
    if refused.is_set():
        log.critical("token_refused", help="TELEGRAM_BOT_TOKEN or TELEGRAM_API_BASE is wrong")
        return 1
    if isinstance(ended, Exception):
        log.critical("crashed", exc_info=ended)
        return 1
    log.info("stopped")
    return 0


async def run(settings: Settings, on_token_refused: Callable[[], None]) -> None:
    """The whole bot, until cancelled."""
    texts = load_texts()
    async with new_session() as session:
        backend = BackendClient(session, settings.backend_url, settings.bot_api_secret)
        application = create_app(settings, backend, texts, on_token_refused)
        async with started(application, settings.webhook), asyncio.TaskGroup() as tasks:
            log.info("started", bot=application.bot.username, webhook=bool(settings.webhook))
            tasks.create_task(DeliveryWorker(application.bot, backend, texts).run())
            if settings.webhook:
                tasks.create_task(UpdateWorker(application, backend).run())


@asynccontextmanager
async def started(
    application: BotApplication, webhook: Webhook | None = None
) -> AsyncIterator[None]:
    """Receiving and handling updates. At the end: no new ones, those begun are finished.

    Whichever way was used before ends by itself: polling removes a webhook, a webhook ends polling.
    It stays set while the bot is down, so that the backend goes on storing.
    """
    updater = application.updater
    if updater is None:
        raise ValueError("the application was built without an updater")

    async def stop_polling() -> None:
        if updater.running:  # also when starting it was cut short
            await updater.stop()

    async with AsyncExitStack() as stack:
        await once_telegram_answers(application.initialize)
        stack.push_async_callback(application.shutdown)
        await application.start()
        stack.push_async_callback(application.stop)
        stack.push_async_callback(stop_polling)
        if webhook:
            await once_telegram_answers(lambda: ask_for_posts(application, webhook))
        else:
            await updater.start_polling(
                timeout=POLL,
                bootstrap_retries=-1,
                allowed_updates=ALLOWED_UPDATES,
                error_callback=polling_failed,
            )
        try:
            await show_commands(application)
        except TelegramError as error:
            log.warning("commands_not_shown", reason=error.message)
        yield


def polling_failed(error: TelegramError) -> None:
    """The library tries again. A conflict does not pass by itself: somebody else receives."""
    if isinstance(error, Conflict):
        log.error("somebody_else_receives", reason=error.message, help=CONFLICT)
    else:
        log.warning("polling_failed", reason=error.message)


async def once_telegram_answers(ask: Callable[[], Awaitable[None]]) -> None:
    """Ask until there is an answer: Telegram being away is no reason to stop, it comes back.

    Raises InvalidToken when Telegram knows no such bot, and BadRequest.
    """
    pause = 0.5
    while True:
        try:
            return await ask()
        except BadRequest:
            raise
        except (NetworkError, RetryAfter) as error:
            log.warning("telegram_unreachable", reason=error.message, again_in=pause)
        await asyncio.sleep(pause)
        pause = min(2 * pause, LONGEST_PAUSE)


if __name__ == "__main__":
    sys.exit(main())
