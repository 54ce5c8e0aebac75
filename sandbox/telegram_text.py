"""Text as Telegram takes it: parse_mode HTML to entities, commands, links, length.

Offsets and lengths count UTF-16 code units, limits too: where Telegram may count more generously,
the sandbox is the stricter one. Of what Telegram finds in a text by itself only commands are
modelled. https://core.telegram.org/bots/api#html-style
"""

import html
import ipaddress
import re
from typing import Any
from urllib.parse import urlsplit

from sandbox.store import Json
from sandbox.telegram_errors import Refused, not_modelled

LONGEST_MESSAGE = 4096

_ENTITIES = {
    "bold": ("b", "strong"),
    "italic": ("i", "em"),
    "underline": ("u", "ins"),
    "strikethrough": ("s", "strike", "del"),
    "spoiler": ("tg-spoiler",),
    "blockquote": ("blockquote",),
    "pre": ("pre",),
    "code": ("code",),
    "text_link": ("a",),
}
_TAGS = {tag: entity for entity, tags in _ENTITIES.items() for tag in tags}
_TAGS_NOT_MODELLED = ("span", "tg-emoji", "tg-time")
_TOKEN = re.compile(
    r"""(?P<plain>[^<]+)|</(?P<end>[^\s>]*)\s*>"""
    r"""|<(?!/)(?P<start>[^\s>]*)(?P<attributes>(?:"[^"]*"|'[^']*'|[^>"'])*)>|(?P<unclosed></?)"""
)
_HREF = re.compile(r"""\s*href\s*=\s*(?:"([^"]*)"|'([^']*)')\s*""", re.IGNORECASE)
_CHARACTER = re.compile(r"&(?:(?:lt|gt|amp|quot)(?![A-Za-z])|#\d{1,7}|#x[0-9A-Fa-f]{1,6});?")
_COMMAND = re.compile(r"(?<![\w/<>])/\w{1,64}(?:@\w{3,32})?(?![\w/<>])", re.ASCII)


class BadUrl(Exception):
    """A link that Telegram does not take, and why in its words."""


def utf16_length(text: str) -> int:
    """How long Telegram says this is."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def formatted(text: str, parse_mode: str, too_long: str) -> tuple[str, list[Json]]:
    """The text as it stands in the chat, and its entities; `Refused` (400) if it cannot.

    `too_long` is how this method says that more than 4096 were left after parsing.
    """
    if not text:
        raise Refused(400, "message text is empty")
    if parse_mode.lower() in {"markdown", "markdownv2"}:
        raise not_modelled(f"parse_mode {parse_mode}")
    if parse_mode.lower() not in {"", "html"}:
        raise Refused(400, "unsupported parse_mode")
    plain, entities = parse_html(text.strip()) if parse_mode else (text.strip(), [])
    if not plain.strip():
        raise Refused(400, "text must be non-empty")
    if plain != plain.strip():
        raise not_modelled("spaces inside the first or last tag, which Telegram trims")
    if utf16_length(plain) > LONGEST_MESSAGE:
        raise Refused(400, too_long)
    return plain, entities


def parse_html(source: str) -> tuple[str, list[Json]]:
    """Plain text and entities in Telegram's order; `Refused` names the byte where it broke."""
    text, entities = "", []
    open_tags: list[tuple[str, Json]] = []
    for token in _TOKEN.finditer(source):
        at = f"at byte offset {len(source[: token.start()].encode())}"
        if token["plain"]:
            text += _unescaped(token["plain"])
        elif token["unclosed"]:
            raise _unparsable(f"Unclosed {'end' if '/' in token['unclosed'] else 'start'} tag {at}")
        elif (tag := token["start"]) is not None:
            entity = _opened(tag.lower(), token["attributes"], at)
            open_tags.append((tag.lower(), entity | {"offset": utf16_length(text)}))
        elif not open_tags:
            raise _unparsable(f"Unexpected end tag {at}")
        else:
            tag, entity = open_tags.pop()
            if (end := token["end"].lower()) not in {tag, ""}:
                wrong = f'expected "</{tag}>", found "</{end}>"'
                raise _unparsable(f"Unmatched end tag {at}, {wrong}")
            entity["length"] = utf16_length(text) - entity["offset"]
            entities.append(entity)
    if open_tags:
        tag = open_tags[-1][0]
        raise _unparsable(f'Can\'t find end tag corresponding to start tag "{tag}"')
    # Telegram shows an empty tag, and a link that leads nowhere, as plain text.
    kept = [entity for entity in entities if entity["length"] and entity.get("url") != ""]
    return text, sorted(kept, key=lambda entity: (entity["offset"], -entity["length"]))


def commands(text: str) -> list[Json]:
    """The /commands that Telegram finds in a text, as entities."""
    found = [(match, utf16_length(text[: match.start()])) for match in _COMMAND.finditer(text)]
    return [{"type": "bot_command", "offset": at, "length": len(m[0])} for m, at in found]


def checked_url(url: str) -> str:
    """A link as Telegram keeps it, or `BadUrl`: http (also without saying so), https or tg.

    The host needs a dot. Loopback addresses are refused too: nobody else could open them.
    """
    scheme, separator, _ = url.partition("://")
    if separator and scheme.lower() == "tg":
        return url
    if separator and scheme.lower() not in {"http", "https"}:
        raise BadUrl("Unsupported URL protocol")
    try:
        parts = urlsplit(url if separator else f"http://{url}")
        host = parts.hostname or ""
        port_is_a_number = parts.port is None or parts.port > 0
    except ValueError:
        raise BadUrl("Wrong HTTP URL") from None
    if not host:
        raise BadUrl("URL host is empty")
    if not port_is_a_number or not re.fullmatch(r"[\w-]+(\.[\w-]+)+", host) or _is_loopback(host):
        raise BadUrl("Wrong HTTP URL")
    return parts._replace(netloc=parts.netloc.lower(), path=parts.path or "/").geturl()


def _opened(tag: str, attributes: str, at: str) -> Json:
    """The entity that a start tag opens, without its place."""
    href = _HREF.fullmatch(attributes) if tag == "a" else None
    if tag in _TAGS_NOT_MODELLED or (tag in _TAGS and attributes.strip() and not href):
        raise not_modelled(f"<{tag}{attributes}>")
    if tag not in _TAGS:
        raise _unparsable(f'Unsupported start tag "{tag}" {at}')
    entity: dict[str, Any] = {"type": _TAGS[tag]}
    if tag == "a":
        try:
            entity["url"] = checked_url(_unescaped((href[1] or href[2] or "") if href else ""))
        except BadUrl:
            entity["url"] = ""
    return entity


def _unescaped(text: str) -> str:
    return _CHARACTER.sub(lambda character: html.unescape(character[0]), text)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.endswith(".localhost")


def _unparsable(why: str) -> Refused:
    return Refused(400, f"can't parse entities: {why}")
