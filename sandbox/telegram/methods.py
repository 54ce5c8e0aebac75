"""The Bot API methods that are played here, as one table at the end of the file.

A function's signature is the whole of what the method takes here: what is missing or wrong is a
400, any other parameter a 501. Objects come as JSON text inside a form.
https://core.telegram.org/bots/api#available-methods
"""

import base64
import time
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Literal, Self

import pydantic
from aiohttp import web
from pydantic import Field, model_validator

from sandbox.refusals import Refusal, StrictModel, not_modelled, validated
from sandbox.store import Json
from sandbox.telegram.chats import Chats
from sandbox.telegram.text import LINK, formatted
from sandbox.telegram.webhook import delete_webhook, get_webhook_info, set_webhook, webhook_of

LONGEST_POLL = 50  # seconds

Html = Literal["HTML"] | None  # the one way of marking text up that is played


class Button(StrictModel):
    """https://core.telegram.org/bots/api#inlinekeyboardbutton."""

    text: str = Field(pattern=r"\S")
    url: str | None = None
    callback_data: str | None = None

    @model_validator(mode="after")
    def does_one_thing(self) -> Self:
        """Open a link that Telegram opens, or send at most 64 bytes."""
        if (self.url is None) == (self.callback_data is None):
            raise Refusal(400, "can't parse inline keyboard button: exactly one action is needed")
        if self.url is not None and not LINK.fullmatch(self.url):
            why = f"inline keyboard button URL '{self.url}' is invalid: Wrong HTTP URL"
            raise Refusal(400, why)
        if self.callback_data is not None and not 1 <= len(self.callback_data.encode()) <= 64:
            raise Refusal(400, "BUTTON_DATA_INVALID")
        return self


class Keyboard(StrictModel):
    """https://core.telegram.org/bots/api#inlinekeyboardmarkup."""

    inline_keyboard: list[list[Button]]


class Command(StrictModel):
    """https://core.telegram.org/bots/api#botcommand."""

    command: str = Field(pattern="^[a-z0-9_]{1,32}$")
    description: str = Field(min_length=1, max_length=256)


class Scope(StrictModel):
    """https://core.telegram.org/bots/api#botcommandscope."""

    type: Literal["default", "all_group_chats"]


async def get_me(chats: Chats) -> Json:
    """Who the bot is."""
    return chats.bot


async def get_updates(
    chats: Chats,
    *,
    offset: Annotated[int, Field(ge=0)] = 0,
    limit: Annotated[int, Field(ge=1, le=100)] = 100,
    timeout: Annotated[int, Field(ge=0, le=LONGEST_POLL)] = 0,  # noqa: ASYNC109 (it is the API's)
    allowed_updates: pydantic.Json[list[str]] | None = None,
) -> list[Json]:
    """Long polling; a later getUpdates ends this one with 409."""
    if webhook_of(chats)["url"]:
        why = "can't use getUpdates method while webhook is active; use deleteWebhook to delete the"
        raise Refusal(409, f"{why} webhook first")
    chats.polls += 1
    this_poll = chats.polls
    chats.ring()

    def look() -> list[Json]:
        if this_poll != chats.polls:
            why = "terminated by other getUpdates request; make sure that only one bot instance is"
            raise Refusal(409, f"{why} running")
        waiting = chats.pending_updates(offset)
        return [u for u in waiting if not allowed_updates or u.keys() & {*allowed_updates}]

    return (await chats.until(look, timeout))[:limit]


@validated
def content_of(
    *,
    text: str,
    parse_mode: Html = None,
    reply_markup: pydantic.Json[Keyboard] | None = None,
    link_preview_options: pydantic.Json[Json] | None = None,
) -> Json:
    """What the bot decides of a message; parts that are empty are left out."""
    plain, entities = formatted(text, is_html=parse_mode is not None)
    parts = {
        "text": plain,
        "entities": entities,
        "link_preview_options": link_preview_options,
        "reply_markup": reply_markup and reply_markup.model_dump(exclude_none=True),
    }
    return {name: part for name, part in parts.items() if part}


async def send_message(
    chats: Chats,
    *,
    chat_id: int,
    message_thread_id: int | None = None,
    disable_notification: bool = False,
    **said: Any,
) -> Json:
    """A new message of the bot, with a sound or without; no chat here has topics."""
    content, chat = content_of(**said), chats.reachable(chat_id)
    if message_thread_id is not None:
        raise Refusal(400, "message thread not found")
    return chats.write(chat, chats.bot, content, disable_notification)


async def send_document(
    chats: Chats, *, chat_id: int, document: Any = None, caption: str = "", parse_mode: Html = None
) -> Json:
    """A new message of the bot: a file, and words under it."""
    chat = chats.reachable(chat_id)
    if isinstance(document, str):
        raise not_modelled("a document by its file_id or address")
    if not isinstance(document, web.FileField):
        raise Refusal(400, "there is no document in the request")
    content = document.file.read()
    if not content:
        raise Refusal(400, "file must be non-empty")
    words, entities = formatted(caption, is_html=parse_mode is not None, is_caption=True)
    id, name = f"file_{chats.number()}", document.filename
    kept = {"name": name, "content": base64.b64encode(content).decode()}
    chats.store.put("telegram_file", id, kept)
    file: Json = {"file_id": id, "file_unique_id": id, "file_name": name}
    file |= {"mime_type": document.content_type, "file_size": len(content)}
    under = {"caption": words, "caption_entities": entities} if words else {}
    return chats.write(chat, chats.bot, {"document": file, **under})


async def edit_message_text(chats: Chats, *, chat_id: int, message_id: int, **said: Any) -> Json:
    """A message of the bot changes in place; without `reply_markup` its keyboard goes away."""
    content = content_of(**said)
    message = chats.message(chats.reachable(chat_id)["id"], message_id)
    if message is None:
        raise Refusal(400, "message to edit not found")
    if message["from"]["id"] != chats.bot["id"]:
        raise Refusal(400, "message can't be edited")
    if "text" not in message:
        raise Refusal(400, "there is no text in the message to edit")
    if all(message.get(part) == content.get(part) for part in ("text", "entities", "reply_markup")):
        why = "specified new message content and reply markup are exactly the same as a current"
        why += " content and reply markup of the message"
        raise Refusal(400, f"message is not modified: {why}")
    kept = {name: message[name] for name in ("message_id", "from", "chat", "date")}
    return chats.put(kept | {"edit_date": int(time.time())} | content)


async def delete_message(chats: Chats, *, chat_id: int, message_id: int) -> bool:
    """What somebody wrote in private goes away; in its place the page says so."""
    message = chats.message(chats.reachable(chat_id)["id"], message_id)
    if message is None or message["chat"]["type"] != "private":
        raise Refusal(400, "message can't be deleted")  # in a group: the bot administers none
    kept = {name: message[name] for name in ("message_id", "from", "chat", "date")}
    chats.put({**kept, "text": "(deleted)"})
    return True


async def answer_callback_query(
    chats: Chats,
    *,
    callback_query_id: str,
    text: Annotated[str, Field(max_length=200)] = "",
    show_alert: bool = False,
) -> bool:
    """Answers a tap, once and in time; the person sees `text` as a toast or an alert."""
    tap = chats.store.get("telegram_tap", callback_query_id)
    answered = chats.store.get("telegram_answer", callback_query_id)
    if tap is None or answered or tap["at"] < time.time() - chats.faults.answer_within:
        raise Refusal(400, "query is too old and response timeout expired or query ID is invalid")
    answer = {"text": text, "show_alert": show_alert}
    chats.store.put("telegram_answer", callback_query_id, answer)
    chats.ring()
    return True


async def set_my_commands(
    chats: Chats,
    *,
    commands: pydantic.Json[list[Command]],
    scope: pydantic.Json[Scope] | None = None,
    language_code: Annotated[str, Field(pattern="^([a-z]{2})?$")] = "",
) -> bool:
    """What the menu button lists in these chats, in apps of this language ("": any other)."""
    listed = [command.model_dump() for command in commands]
    menu = {"version": chats.number(), "commands": listed}
    where = scope.type if scope else "default"
    chats.store.put("telegram_menu", f"{where}:{language_code}", menu)
    chats.ring()
    return True


Method = Callable[..., Awaitable[Any]]
METHODS: dict[str, Method] = {
    "getme": validated(get_me),
    "getupdates": validated(get_updates),
    "setwebhook": validated(set_webhook),
    "getwebhookinfo": validated(get_webhook_info),
    "deletewebhook": validated(delete_webhook),
    "sendmessage": validated(send_message),
    "senddocument": validated(send_document),
    "editmessagetext": validated(edit_message_text),
    "deletemessage": validated(delete_message),
    "answercallbackquery": validated(answer_callback_query),
    "setmycommands": validated(set_my_commands),
}
