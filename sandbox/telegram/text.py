"""Texts as Telegram handles them: HTML as entities, the command at the start, links on buttons.

Offsets, lengths and limits count UTF-16 code units. The sandbox takes the tags below, without
attributes, each closed by its own end tag. https://core.telegram.org/bots/api#html-style
"""

import html
import re

from sandbox.refusals import Refusal, not_modelled
from sandbox.store import Json

MAX_MESSAGE_LENGTH = 4096
MAX_CAPTION_LENGTH = 1024
TAGS = {"b": "bold", "i": "italic", "code": "code"}
TOKEN = re.compile(r"<(?P<end>/?)(?P<tag>[a-z]+)>|(?P<plain>[^<]+)|<")
COMMAND = re.compile(r"/\w{1,64}(?:@\w{3,32})?(?![\w/<>])", re.ASCII)
# Telegram opens no loopback address, and no host without a dot; the sandbox no bare IPv6 either.
LINK = re.compile(r"https?://(?!127\.)([\w-]+\.)+[\w-]+(:[0-9]+)?([/?#]\S*)?", re.IGNORECASE)


def utf16_length(text: str) -> int:
    """Return the length of a text for Telegram, in UTF-16 code units."""
    return len(text.encode("utf-16-le")) // 2


def format_text(source: str, is_html: bool, is_caption: bool = False) -> tuple[str, list[Json]]:
    """Return a text as the chat shows it, and its entities. Raises Refusal (400)."""
    text, entities = parse_html(source.strip()) if is_html else (source.strip(), [])
    if not text and not is_caption:
        raise Refusal(400, "text must be non-empty")
    if text != text.strip():
        raise not_modelled("spaces inside the first or last tag, which Telegram trims")
    if utf16_length(text) > (MAX_CAPTION_LENGTH if is_caption else MAX_MESSAGE_LENGTH):
        raise Refusal(400, f"message{' caption' if is_caption else ''} is too long")
    return text, entities


def parse_html(source: str) -> tuple[str, list[Json]]:
    """Parse HTML; return plain text and entities in Telegram's order. Raises Refusal (400)."""
    text, entities = "", []
    open_tags: list[tuple[str, Json]] = []
    for token in TOKEN.finditer(source):
        tag = token["tag"]
        if token["plain"]:
            text += html.unescape(token["plain"])
        elif tag not in TAGS:
            at = f"at byte offset {len(source[: token.start()].encode())}"
            raise Refusal(400, f"can't parse entities: Unsupported start tag {at}")
        elif not token["end"]:
            open_tags.append((tag, {"type": TAGS[tag], "offset": utf16_length(text)}))
        elif not open_tags or open_tags[-1][0] != tag:
            raise Refusal(400, f"can't parse entities: Unexpected end tag {tag}")
        else:
            _, entity = open_tags.pop()
            entities.append({**entity, "length": utf16_length(text) - entity["offset"]})
    if open_tags:
        raise Refusal(400, f"can't parse entities: Can't find end tag of {open_tags[-1][0]}")
    shown = [entity for entity in entities if entity["length"]]
    return text, sorted(shown, key=lambda entity: (entity["offset"], -entity["length"]))


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
