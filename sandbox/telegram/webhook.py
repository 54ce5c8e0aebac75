"""Where the bot has its updates posted, and the task that posts them.

https://core.telegram.org/bots/api#setwebhook. The real one takes https only, from anywhere in the
world. This one posts to this machine only, over http, as a Bot API server of one's own does that
was started with --local. It posts one update after the other, and each until it is accepted.
"""

import asyncio
import re
import time
from collections.abc import AsyncIterator
from typing import Annotated

import pydantic
from aiohttp import ClientError, ClientSession, ClientTimeout, web
from pydantic import Field

from sandbox.refusals import Refusal, not_modelled
from sandbox.store import Json
from sandbox.telegram.chats import CHATS, Chats

HERE = re.compile(r"http://(127\.0\.0\.1|localhost)(:\d+)?/.*")
NOT_SHOWN = ("secret", "kinds")
RETRY_AFTER = 0.5  # seconds


async def set_webhook(
    chats: Chats,
    *,
    url: str,
    secret_token: Annotated[str, Field(pattern="^[A-Za-z0-9_-]{0,256}$")] = "",
    allowed_updates: pydantic.Json[list[str]] | None = None,
) -> bool:
    """Post updates from now on; getUpdates is a conflict then."""
    if url.startswith("https://"):
        raise not_modelled("a webhook that is not on this machine")
    if url and not HERE.fullmatch(url):
        raise Refusal(400, "bad webhook: An HTTPS URL must be provided for webhook")
    webhook = {"url": url, "secret": secret_token, "kinds": allowed_updates or []}
    chats.store.put("telegram_webhook", "", webhook)
    chats.wake()
    return True


async def delete_webhook(chats: Chats) -> bool:
    """Keep updates for whoever polls from now on."""
    return await set_webhook(chats, url="")


async def get_webhook_info(chats: Chats) -> Json:
    """Return where updates are posted, and how many wait.

    https://core.telegram.org/bots/api#webhookinfo
    """
    webhook = webhook_of(chats)
    info = {name: value for name, value in webhook.items() if name not in NOT_SHOWN}
    waiting = len(chats.pending_updates(0))
    return info | {"has_custom_certificate": False, "pending_update_count": waiting}


def webhook_of(chats: Chats) -> Json:
    """Return the webhook that was set last; one whose `url` is "" gets nothing."""
    return chats.store.get("telegram_webhook", "") or {"url": "", "secret": "", "kinds": []}


def updates_to_post(chats: Chats) -> list[Json]:
    """Return the updates that are to be posted, oldest first."""
    return chats.pending_updates(0) if webhook_of(chats)["url"] else []


async def webhook_poster(app: web.Application) -> AsyncIterator[None]:
    """Post updates for as long as the sandbox runs."""
    task = asyncio.create_task(post_updates(app[CHATS]))
    yield
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def post_updates(chats: Chats) -> None:
    """Post each update in its turn, again and again until it is accepted."""
    async with ClientSession(timeout=ClientTimeout(total=10)) as http:
        while True:
            waiting = await chats.wait_for(lambda: updates_to_post(chats), 60)
            if waiting and not await _post_update(chats, http, waiting[0]):
                await asyncio.sleep(RETRY_AFTER)


async def _post_update(chats: Chats, http: ClientSession, update: Json) -> bool:
    """Post an update and confirm it; return whether that went well.

    One of a kind that the bot did not ask for is only confirmed. What went wrong stands in the
    webhook's info.
    """
    webhook = webhook_of(chats)
    is_selected = not webhook["kinds"] or update.keys() & webhook["kinds"]
    error = await post(http, webhook, update) if is_selected else ""
    if is_selected and chats.faults.webhook_twice:
        error = await post(http, webhook, update)
    if error:
        failure = {"last_error_date": int(time.time()), "last_error_message": error}
        chats.store.put("telegram_webhook", "", webhook | failure)
        return False
    chats.pending_updates(update["update_id"] + 1)
    return True


async def post(http: ClientSession, webhook: Json, update: Json) -> str:
    """Post once; return what went wrong, in Telegram's words, or ""."""
    headers = {"X-Telegram-Bot-Api-Secret-Token": webhook["secret"]}
    try:
        async with http.post(webhook["url"], json=update, headers=headers) as answer:
            wrong = f"Wrong response from the webhook: {answer.status} {answer.reason}"
            return "" if answer.ok else wrong
    except (ClientError, TimeoutError):
        return "Connection failed"
