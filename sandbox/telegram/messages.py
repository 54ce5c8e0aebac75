"""The Bot API methods that send, edit and delete messages of the bot.

Objects come as JSON text. https://core.telegram.org/bots/api#sendmessage
"""

import time
from typing import Any

import pydantic

from sandbox.refusals import Refusal, StrictModel, not_modelled, validated
from sandbox.store import Json
from sandbox.telegram.chats import Chats
from sandbox.telegram.entities import Entity
from sandbox.telegram.keyboards import Markup
from sandbox.telegram.text import format_text

# The fields that stay when a message is edited.
UNCHANGED = (
    "message_id", "message_thread_id", "is_topic_message", "reply_to_message", "from", "chat",
    "date",
)  # fmt: skip
COMPARED = ("text", "entities", "reply_markup")  # what must not all be as before
DELETABLE_WITHIN = 48 * 3600  # seconds
Entities = pydantic.Json[list[Entity]]


class Reply(StrictModel):
    """The message of the same chat that is replied to.

    https://core.telegram.org/bots/api#replyparameters
    """

    message_id: int
    chat_id: int | None = None
    allow_sending_without_reply: bool = False


@validated
def message_content(
    *,
    text: str,
    parse_mode: str = "",
    entities: Entities | None = None,
    reply_markup: Markup | None = None,
    link_preview_options: pydantic.Json[Json] | None = None,
) -> Json:
    """Return the fields of a message that the bot decides; empty ones are left out."""
    plain, shown = format_text(text, parse_mode, entities)
    parts = {
        "text": plain,
        "entities": shown,
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
    reply_parameters: pydantic.Json[Reply] | None = None,
    **content_fields: Any,
) -> Json:
    """Send a message of the bot, in a group with topics to one of them."""
    content = message_content(**content_fields)
    chat = open_chat(chats, chat_id, message_thread_id)
    content |= topic_fields(message_thread_id) | reply_fields(chats, chat, reply_parameters)
    return chats.write(chat, chats.bot, content, disable_notification)


def open_chat(chats: Chats, chat_id: int, message_thread_id: int | None) -> Json:
    """Return the chat of this id, if the bot can write to it, or to this topic of it."""
    chat = chats.reachable(chat_id)
    if chat["type"] != "private":
        chats.group().require_open_topic(message_thread_id)
    elif message_thread_id is not None:
        raise Refusal(400, "message thread not found")
    return chat


def reply_fields(chats: Chats, chat: Json, reply: Reply | None) -> Json:
    """Return the fields of a message that replies to another; none where it need not be there."""
    if reply is None:
        return {}
    if reply.chat_id not in (None, chat["id"]):
        raise not_modelled("a reply to a message of another chat")
    message = chats.message(chat["id"], reply.message_id)
    if message is None and not reply.allow_sending_without_reply:
        raise Refusal(400, "message to be replied not found")
    if message is None:
        return {}
    inner = {name: part for name, part in message.items() if name != "reply_to_message"}
    return {"reply_to_message": inner}


def topic_fields(message_thread_id: int | None) -> Json:
    """Return the fields of a message in a topic; none of one in the general topic."""
    if message_thread_id is None:
        return {}
    return {"message_thread_id": message_thread_id, "is_topic_message": True}


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
    if all(message.get(part) == content.get(part) for part in COMPARED):
        raise Refusal(
            400,
            "message is not modified: specified new message content and reply markup are exactly"
            " the same as a current content and reply markup of the message",
        )
    unchanged = {name: message[name] for name in UNCHANGED if name in message}
    return chats.put(unchanged | {"edit_date": int(time.time())} | content)


async def delete_message(chats: Chats, *, chat_id: int, message_id: int) -> bool:
    """Delete a message of the bot, or in a private chat anybody's; the page shows "(deleted)".

    https://core.telegram.org/bots/api#deletemessage
    """
    message = chats.message(chats.reachable(chat_id)["id"], message_id)
    if message is None:
        raise Refusal(400, "message to delete not found")
    is_own = message["from"]["id"] == chats.bot["id"]  # in a group it deletes nobody else's
    is_old = time.time() - message["date"] > DELETABLE_WITHIN
    if is_old or not (is_own or message["chat"]["type"] == "private"):
        raise Refusal(400, "message can't be deleted")
    chats.delete(message)
    return True
