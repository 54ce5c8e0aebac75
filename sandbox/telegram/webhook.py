"""The bot's webhook, and the task that posts updates to it.

https://core.telegram.org/bots/api#setwebhook. Telegram takes https addresses only. The sandbox
posts to this machine only, over http, as a Bot API server that was started with --local. It posts
one update after the other, each until it is accepted.
"""

import asyncio
import re
import time
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import pydantic
from aiohttp import ClientError, ClientSession, ClientTimeout, web
from pydantic import Field

from sandbox.refusals import Refusal, StrictModel, not_modelled
from sandbox.store import Json
from sandbox.telegram.chats import CHATS, Chats

HERE = re.compile(r"http://(127\.0\.0\.1|localhost)(:\d+)?/.*")
SECRET, MAX_SECRET_LENGTH = re.compile("[A-Za-z0-9_-]*"), 256
PORTS = (80, 88, 443, 8443)
RETRY_AFTER = 0.5  # seconds


class Webhook(StrictModel):
    """The webhook as it is stored; no webhook while `url` is "".

    `secret` is sent along in a header; `kinds` are those of the updates that are posted, all where
    it is empty; `last_error_date` is in seconds of the epoch.
    """

    url: str = ""
    secret: str = ""
    kinds: list[str] = Field(default=[])
    last_error_date: int | None = None
    last_error_message: str | None = None


async def set_webhook(
    chats: Chats,
    *,
    url: str,
    secret_token: str = "",
    allowed_updates: pydantic.Json[list[str]] | None = None,
    drop_pending_updates: bool = False,
    max_connections: int = 40,
) -> bool:
    """Post updates to this address from now on; getUpdates is refused (409) then.

    One is posted at a time, however many `max_connections` there may be.
    """
    if len(secret_token) > MAX_SECRET_LENGTH:
        raise Refusal(400, "secret token is too long")
    if not SECRET.fullmatch(secret_token):
        raise Refusal(400, "secret token contains unallowed characters")
    if url.startswith("https://"):
        _refuse_port(url)
        raise not_modelled("a webhook that is not on this machine")
    if url and not HERE.fullmatch(url):
        raise Refusal(400, "bad webhook: An HTTPS URL must be provided for webhook")
    if drop_pending_updates and (waiting := chats.pending_updates()):
        chats.confirm_updates(waiting[-1]["update_id"])
    _store_webhook(chats, Webhook(url=url, secret=secret_token, kinds=allowed_updates or []))
    chats.wake()
    return True


def _refuse_port(url: str) -> None:
    """Raise Refusal (400) for a port to which Telegram posts nothing."""
    try:
        port = urlsplit(url).port or 443
    except ValueError:
        raise Refusal(400, "bad webhook: Failed to parse URL") from None
    if port not in PORTS:
        raise Refusal(400, "bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443")


async def delete_webhook(chats: Chats, *, drop_pending_updates: bool = False) -> bool:
    """Stop posting updates; they wait for getUpdates, unless they are to be forgotten."""
    return await set_webhook(chats, url="", drop_pending_updates=drop_pending_updates)


async def get_webhook_info(chats: Chats) -> Json:
    """Return the webhook's address, last error, and how many updates wait.

    https://core.telegram.org/bots/api#webhookinfo
    """
    info = webhook_of(chats).model_dump(exclude={"secret", "kinds"}, exclude_none=True)
    waiting = len(chats.pending_updates())
    return info | {"has_custom_certificate": False, "pending_update_count": waiting}


def webhook_of(chats: Chats) -> Webhook:
    """Return the webhook as it is stored."""
    stored = chats.store.get("telegram_webhook", "")
    return Webhook() if stored is None else Webhook.model_validate(stored)


def _store_webhook(chats: Chats, webhook: Webhook) -> None:
    chats.store.put("telegram_webhook", "", webhook.model_dump())


def updates_to_post(chats: Chats) -> list[Json]:
    """Return the updates to post, oldest first; none without a webhook."""
    return chats.pending_updates() if webhook_of(chats).url else []


async def webhook_poster(app: web.Application) -> AsyncIterator[None]:
    """Post updates for as long as the sandbox runs; it is a cleanup context of the application."""
    task = asyncio.create_task(post_updates(app[CHATS]))
    yield
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def post_updates(chats: Chats) -> None:
    """Post each update in order, repeating it until it is accepted."""
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
    is_selected = not webhook.kinds or update.keys() & {*webhook.kinds}
    error = await post(http, webhook, update) if is_selected else ""
    if is_selected and chats.faults.webhook_twice:
        error = await post(http, webhook, update)
    if error:
        webhook.last_error_date, webhook.last_error_message = int(time.time()), error
        _store_webhook(chats, webhook)
        return False
    chats.confirm_updates(update["update_id"])
    return True


async def post(http: ClientSession, webhook: Webhook, update: Json) -> str:
    """Post an update once; return the error in Telegram's words, or ""."""
    headers = {"X-Telegram-Bot-Api-Secret-Token": webhook.secret}
    try:
        async with http.post(webhook.url, json=update, headers=headers) as answer:
            wrong = f"Wrong response from the webhook: {answer.status} {answer.reason}"
            return "" if answer.ok else wrong
    except (ClientError, TimeoutError):
        return "Connection failed"
