"""The Bot API methods that send, edit and delete messages of the bot.

Objects come as JSON text inside a form. https://core.telegram.org/bots/api#sendmessage
"""

import base64
import time
from typing import Any, Literal, Self

import pydantic
from aiohttp import web
from pydantic import Field, model_validator

from sandbox.refusals import Refusal, StrictModel, not_modelled, validated
from sandbox.store import Json
from sandbox.telegram.chats import Chats
from sandbox.telegram.text import LINK, format_text

# The fields that stay when a message is edited.
UNCHANGED = ("message_id", "message_thread_id", "is_topic_message", "from", "chat", "date")
Html = Literal["HTML"] | None  # the one way of marking text up that is played


class Button(StrictModel):
    """A button of a keyboard (https://core.telegram.org/bots/api#inlinekeyboardbutton)."""

    text: str = Field(pattern=r"\S")
    url: str | None = None
    callback_data: str | None = None

    @model_validator(mode="after")
    def does_one_thing(self) -> Self:
        """Refuse a button unless it opens an allowed link, or sends at most 64 bytes."""
        if (self.url is None) == (self.callback_data is None):
            raise Refusal(400, "can't parse inline keyboard button: exactly one action is needed")
        if self.url is not None and not LINK.fullmatch(self.url):
            why = f"inline keyboard button URL '{self.url}' is invalid: Wrong HTTP URL"
            raise Refusal(400, why)
        if self.callback_data is not None and not 1 <= len(self.callback_data.encode()) <= 64:
            raise Refusal(400, "BUTTON_DATA_INVALID")
        return self


class Keyboard(StrictModel):
    """The buttons under a message (https://core.telegram.org/bots/api#inlinekeyboardmarkup)."""

    inline_keyboard: list[list[Button]]


@validated
def message_content(
    *,
    text: str,
    parse_mode: Html = None,
    reply_markup: pydantic.Json[Keyboard] | None = None,
    link_preview_options: pydantic.Json[Json] | None = None,
) -> Json:
    """Return the fields of a message that the bot decides; empty ones are left out."""
    plain, entities = format_text(text, is_html=parse_mode is not None)
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
    **content_fields: Any,
) -> Json:
    """Send a message of the bot, in a group with topics to one of them."""
    content, chat = message_content(**content_fields), chats.reachable(chat_id)
    if chat["type"] != "private":
        chats.group().require_open_topic(message_thread_id)
    elif message_thread_id is not None:
        raise Refusal(400, "message thread not found")
    content |= topic_fields(message_thread_id)
    return chats.write(chat, chats.bot, content, disable_notification)


def topic_fields(message_thread_id: int | None) -> Json:
    """Return the fields of a message in a topic; none of one in the general topic."""
    if message_thread_id is None:
        return {}
    return {"message_thread_id": message_thread_id, "is_topic_message": True}


async def send_document(
    chats: Chats,
    *,
    chat_id: int,
    document: Any = None,
    caption: str = "",
    parse_mode: Html = None,
    reply_markup: pydantic.Json[Keyboard] | None = None,
) -> Json:
    """Send a file of the bot with a caption and buttons."""
    chat = chats.reachable(chat_id)
    if isinstance(document, str):
        raise not_modelled("a document by its file_id or address")
    if not isinstance(document, web.FileField):
        raise Refusal(400, "there is no document in the request")
    content = document.file.read()
    if not content:
        raise Refusal(400, "file must be non-empty")
    text, entities = format_text(caption, is_html=parse_mode is not None, is_caption=True)
    id, name = f"file_{chats.next_number()}", document.filename
    stored = {"name": name, "content": base64.b64encode(content).decode()}
    chats.store.put("telegram_file", id, stored)
    file: Json = {"file_id": id, "file_unique_id": id, "file_name": name}
    file |= {"mime_type": document.content_type, "file_size": len(content)}
    under: Json = {"caption": text, "caption_entities": entities} if text else {}
    if reply_markup:
        under["reply_markup"] = reply_markup.model_dump(exclude_none=True)
    return chats.write(chat, chats.bot, {"document": file, **under})


async def edit_message_text(
    chats: Chats, *, chat_id: int, message_id: int, **content_fields: Any
) -> Json:
    """Edit a message of the bot; without `reply_markup` its keyboard is removed."""
    content = message_content(**content_fields)
    message = chats.message(chats.reachable(chat_id)["id"], message_id)
    if message is None:
        raise Refusal(400, "message to edit not found")
    if message["from"]["id"] != chats.bot["id"]:
        raise Refusal(400, "message can't be edited")
    if "text" not in message:
        raise Refusal(400, "there is no text in the message to edit")
    if all(message.get(part) == content.get(part) for part in ("text", "entities", "reply_markup")):
        raise Refusal(
            400,
            "message is not modified: specified new message content and reply markup are exactly"
            " the same as a current content and reply markup of the message",
        )
    unchanged = {name: message[name] for name in UNCHANGED if name in message}
    return chats.put(unchanged | {"edit_date": int(time.time())} | content)


async def delete_message(chats: Chats, *, chat_id: int, message_id: int) -> bool:
    """Delete a message in a private chat; the page shows "(deleted)" in its place."""
    message = chats.message(chats.reachable(chat_id)["id"], message_id)
    if message is None or message["chat"]["type"] != "private":
        raise Refusal(400, "message can't be deleted")  # in a group: the bot administers none
    unchanged = {name: message[name] for name in ("message_id", "from", "chat", "date")}
    chats.put({**unchanged, "text": "(deleted)"})
    return True
