"""Where the bot wants its updates posted, and the postman.

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
OURS_TO_KNOW = ("secret", "kinds")
RETRY_AFTER = 0.5  # seconds


async def set_webhook(
    chats: Chats,
    *,
    url: str,
    secret_token: Annotated[str, Field(pattern="^[A-Za-z0-9_-]{0,256}$")] = "",
    allowed_updates: pydantic.Json[list[str]] | None = None,
) -> bool:
    """From now on updates are posted, and getUpdates is a conflict."""
    if url.startswith("https://"):
        raise not_modelled("a webhook that is not on this machine")
    if url and not HERE.fullmatch(url):
        raise Refusal(400, "bad webhook: An HTTPS URL must be provided for webhook")
    webhook = {"url": url, "secret": secret_token, "kinds": allowed_updates or []}
    chats.store.put("telegram_webhook", "", webhook)
    chats.ring()
    return True


async def delete_webhook(chats: Chats) -> bool:
    """From now on updates are for whoever polls."""
    return await set_webhook(chats, url="")


async def get_webhook_info(chats: Chats) -> Json:
    """https://core.telegram.org/bots/api#webhookinfo."""
    info = {name: told for name, told in webhook_of(chats).items() if name not in OURS_TO_KNOW}
    waiting = len(chats.pending_updates(0))
    return info | {"has_custom_certificate": False, "pending_update_count": waiting}


def webhook_of(chats: Chats) -> Json:
    """What was set last; without a url nothing is posted."""
    return chats.store.get("telegram_webhook", "") or {"url": "", "secret": "", "kinds": []}


def due(chats: Chats) -> list[Json]:
    """What is to be posted, oldest first."""
    return chats.pending_updates(0) if webhook_of(chats)["url"] else []


async def postman(app: web.Application) -> AsyncIterator[None]:
    """Posts for as long as the sandbox runs."""
    task = asyncio.create_task(post_updates(app[CHATS]))
    yield
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def post_updates(chats: Chats) -> None:
    """Each update in its turn, again and again until it is accepted."""
    async with ClientSession(timeout=ClientTimeout(total=10)) as http:
        while True:
            for update in (await chats.until(lambda: due(chats), 60))[:1]:
                webhook = webhook_of(chats)
                wanted = not webhook["kinds"] or update.keys() & webhook["kinds"]
                error = await post(http, webhook, update) if wanted else ""
                if wanted and chats.faults.webhook_twice:
                    error = await post(http, webhook, update)
                if error:
                    failed = {"last_error_date": int(time.time()), "last_error_message": error}
                    chats.store.put("telegram_webhook", "", webhook | failed)
                    await asyncio.sleep(RETRY_AFTER)
                else:
                    chats.pending_updates(update["update_id"] + 1)


async def post(http: ClientSession, webhook: Json, update: Json) -> str:
    """One POST; what went wrong, in Telegram's words, or ""."""
    headers = {"X-Telegram-Bot-Api-Secret-Token": webhook["secret"]}
    try:
        async with http.post(webhook["url"], json=update, headers=headers) as answer:
            wrong = f"Wrong response from the webhook: {answer.status} {answer.reason}"
            return "" if answer.ok else wrong
    except (ClientError, TimeoutError):
        return "Connection failed"
