"""Texts as Telegram handles them: markup as entities, the command at the start, links on buttons.

Lengths and limits count UTF-16 code units. https://core.telegram.org/bots/api#formatting-options
"""

import re

from sandbox.refusals import Refusal, not_modelled
from sandbox.store import Json
from sandbox.telegram.entities import Entity, checked_entities, utf16_length
from sandbox.telegram.html_markup import parse_html
from sandbox.telegram.markdown_markup import parse_markdown

MAX_MESSAGE_LENGTH = 4096
MAX_CAPTION_LENGTH = 1024
PARSERS = {"html": parse_html, "markdownv2": parse_markdown}
COMMAND = re.compile(r"/\w{1,64}(?:@\w{3,32})?(?![\w/<>])", re.ASCII)
# Telegram opens no loopback address, and no host without a dot; the sandbox no bare IPv6 either.
LINK = re.compile(r"https?://(?!127\.)([\w-]+\.)+[\w-]+(:[0-9]+)?([/?#]\S*)?", re.IGNORECASE)


def format_text(
    source: str,
    parse_mode: str = "",
    entities: list[Entity] | None = None,
    *,
    is_caption: bool = False,
) -> tuple[str, list[Json]]:
    """Return a text as the chat shows it, and its entities; with a `parse_mode`, those in it.

    Raises Refusal: 400 for what Telegram refuses, 501 for markup that the sandbox does not have.
    """
    mode = parse_mode.lower()
    if mode == "markdown":
        raise not_modelled("the legacy parse_mode Markdown")
    if mode and mode not in PARSERS:
        raise Refusal(400, "unsupported parse_mode")
    if mode:
        text, found = PARSERS[mode](source.strip())
    else:
        text, found = source.strip(), checked_entities(source, entities or [])
        skipped = utf16_length(source) - utf16_length(source.lstrip())
        found = [entity | {"offset": entity["offset"] - skipped} for entity in found]
    if not text and not is_caption:
        raise Refusal(400, "message text is empty" if not source else "text must be non-empty")
    if text != text.strip() or any(not _lies_in(entity, text) for entity in found):
        raise not_modelled("spaces inside the first or last entity, which Telegram trims")
    if utf16_length(text) > (MAX_CAPTION_LENGTH if is_caption else MAX_MESSAGE_LENGTH):
        raise Refusal(400, f"message{' caption' if is_caption else ''} is too long")
    return text, found


def _lies_in(entity: Json, text: str) -> bool:
    end = entity["offset"] + entity["length"]
    return bool(entity["offset"] >= 0 and end <= utf16_length(text))


def plain_text(message: Json) -> str:
    """Return a message as one string: its text, or its file's name and caption."""
    name = f"[{message['document']['file_name']}] " if "document" in message else ""
    return name + str(message.get("text", message.get("caption", "")))


def command_entities(text: str) -> Json:
    """Return `{"entities": [...]}` where a message begins with a /command, else {}."""
    match = COMMAND.match(text)
    if match is None:
        return {}
    return {"entities": [{"type": "bot_command", "offset": 0, "length": match.end()}]}
