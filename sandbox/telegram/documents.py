"""Files that the bot sends (https://core.telegram.org/bots/api#senddocument)."""

import base64
from typing import Any

import pydantic
from aiohttp import web

from sandbox.refusals import Refusal, not_modelled
from sandbox.store import Json
from sandbox.telegram.chats import Chats
from sandbox.telegram.keyboards import Markup
from sandbox.telegram.messages import Entities, Reply, open_chat, reply_fields, topic_fields
from sandbox.telegram.text import format_text


async def send_document(
    chats: Chats,
    *,
    chat_id: int,
    message_thread_id: int | None = None,
    document: Any = None,
    caption: str = "",
    parse_mode: str = "",
    caption_entities: Entities | None = None,
    disable_notification: bool = False,
    disable_content_type_detection: bool = False,
    reply_parameters: pydantic.Json[Reply] | None = None,
    reply_markup: Markup | None = None,
) -> Json:
    """Send a file of the bot, new or by its file_id, with a caption and buttons."""
    text, entities = format_text(caption, parse_mode, caption_entities, is_caption=True)
    chat = open_chat(chats, chat_id, message_thread_id)
    content: Json = {"document": _file_of(chats, document)}
    if text:
        content |= {"caption": text, "caption_entities": entities}
    if reply_markup:
        content["reply_markup"] = reply_markup.model_dump(exclude_none=True)
    content |= topic_fields(message_thread_id) | reply_fields(chats, chat, reply_parameters)
    return chats.write(chat, chats.bot, content, disable_notification)


def _file_of(chats: Chats, document: Any) -> Json:
    """Return a Bot API Document, and store a new one; a text is the file_id of an earlier one."""
    if isinstance(document, web.FileField):
        content, name, type = document.file.read(), document.filename, document.content_type
        if not content:
            raise Refusal(400, "file must be non-empty")
        id = f"file_{chats.next_number()}"
        stored = {"name": name, "type": type, "content": base64.b64encode(content).decode()}
        chats.store.put("telegram_file", id, stored)
    elif not document:
        raise Refusal(400, "there is no document in the request")
    elif str(document).startswith(("http://", "https://")):
        raise not_modelled("a document by its address")
    else:
        id = str(document)
        earlier = chats.store.get("telegram_file", id)
        if earlier is None:
            raise Refusal(400, "wrong file identifier/HTTP URL specified")
        content, name = base64.b64decode(earlier["content"]), earlier["name"]
        type = earlier.get("type", "application/octet-stream")
    file: Json = {"file_id": id, "file_unique_id": id, "file_name": name}
    return file | {"mime_type": type, "file_size": len(content)}
