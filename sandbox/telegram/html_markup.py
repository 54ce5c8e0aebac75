"""`parse_mode` HTML, with the errors of Telegram's own parser.

https://core.telegram.org/bots/api#html-style. Telegram's server parses it in `parse_html` of
https://github.com/tdlib/td/blob/master/td/telegram/MessageEntity.cpp.
"""

import re
from dataclasses import dataclass, field

from sandbox.refusals import Refusal
from sandbox.store import Json
from sandbox.telegram.entities import in_order, linked, utf16_length

TAGS = {
    "b": "bold", "strong": "bold", "i": "italic", "em": "italic", "u": "underline",
    "ins": "underline", "s": "strikethrough", "strike": "strikethrough", "del": "strikethrough",
    "tg-spoiler": "spoiler", "span": "spoiler", "code": "code", "pre": "pre", "a": "text_link",
    "blockquote": "blockquote", "tg-emoji": "custom_emoji",
}  # fmt: skip
ATTRIBUTE = re.compile(
    r"""\s*(?P<name>[^\s=>]+)(?:\s*=\s*(?:"(?P<double>[^"]*)"|'(?P<single>[^']*)'|(?P<bare>[\w.-]+)))?"""
)
# The four names that Telegram knows; others stay as they are written.
REFERENCE = re.compile(r"&(?:#x([0-9a-fA-F]+)|#([0-9]+)|(lt|gt|amp|quot)(?![a-zA-Z]));?")
NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}


@dataclass
class _Tag:
    """A tag that is open: its name, its attributes, and how long the text was before it."""

    name: str
    attributes: dict[str, str]
    offset: int
    begin: int


@dataclass
class _Parser:
    """What has been read so far of `source`."""

    source: str
    text: str = ""
    entities: list[Json] = field(default_factory=list)
    open_tags: list[_Tag] = field(default_factory=list)

    def error(self, what: str, at: int) -> Refusal:
        """Make the refusal of what stands at an index."""
        return _refusal(f"{what} at byte offset {len(self.source[:at].encode())}")

    def start_tag(self, begin: int) -> int:
        """Read the start tag at `begin`; return where it ends."""
        written = re.split(r"[\s>]", self.source[begin + 1 :], maxsplit=1)[0]
        name, at = written.lower(), begin + 1 + len(written)
        if at == len(self.source):
            raise self.error("Unclosed start tag", begin)
        if name not in TAGS:
            raise self.error(f'Unsupported start tag "{name}"', begin)
        attributes: dict[str, str] = {}
        while not (end := re.compile(r"\s*>").match(self.source, at)):
            attribute = ATTRIBUTE.match(self.source, at)
            if attribute is None:
                raise self.error("Unclosed start tag", begin)
            values = (attribute["double"], attribute["single"], attribute["bare"])
            value = next((each for each in values if each is not None), None)
            if value is None and attribute["name"] != "expandable":
                wrong = f'Expected equal sign in declaration of an attribute of the tag "{name}"'
                raise self.error(wrong, begin)
            attributes[attribute["name"]] = decoded(value or "")
            at = attribute.end()
        if name == "span" and attributes.get("class") != "tg-spoiler":
            raise self.error('Tag "span" must have class "tg-spoiler"', begin)
        offset = utf16_length(self.text)
        self.open_tags.append(_Tag(name, attributes, offset, len(self.text)))
        return end.end()

    def end_tag(self, begin: int) -> int:
        """Read the end tag at `begin`; return where it ends."""
        if not self.open_tags:
            raise self.error("Unexpected end tag", begin)
        ended = re.compile(r"([^\s>]*)\s*>").match(self.source, begin + 2)
        if ended is None:
            raise self.error("Unclosed end tag", begin)
        tag, name = self.open_tags[-1], ended[1].lower()
        if name and name != tag.name:
            at = len(self.source[:begin].encode())
            raise _refusal(
                f"Unmatched end tag at byte offset {at},"
                f' expected "</{tag.name}>", found "</{name}>"'
            )
        self.open_tags.pop()
        entity = self._entity(tag)
        if entity is not None:
            self.entities.append(entity)
        return ended.end()

    def _entity(self, tag: _Tag) -> Json | None:
        """Return the entity of a tag that has ended; None where it has none."""
        place = {"offset": tag.offset, "length": utf16_length(self.text) - tag.offset}
        kind = TAGS[tag.name]
        match kind:
            case "text_link":
                return linked(tag.attributes.get("href") or self.text[tag.begin :], **place)
            case "custom_emoji":
                return None  # only bots that bought a name may send them: the text stays
            case "blockquote" if "expandable" in tag.attributes:
                return {"type": "expandable_blockquote", **place}
            case "pre" if self.entities and self.entities[-1] == {
                "type": "code", **place, "language": self.entities[-1].get("language"),
            }:  # fmt: skip
                return self.entities.pop() | {"type": "pre"}
            case "code" if tag.attributes.get("class", "").startswith("language-"):
                language = tag.attributes["class"].removeprefix("language-")
                return {"type": "code", **place, "language": language}
        return {"type": kind, **place}


def parse_html(source: str) -> tuple[str, list[Json]]:
    """Parse HTML; return plain text and entities in Telegram's order. Raises Refusal (400)."""
    parser, at = _Parser(source), 0
    while at < len(source):
        if source[at] != "<":
            end = source.find("<", at)
            plain = source[at:] if end < 0 else source[at:end]
            parser.text += decoded(plain)
            at += len(plain)
        elif source.startswith("</", at):
            at = parser.end_tag(at)
        else:
            at = parser.start_tag(at)
    if parser.open_tags:
        name = parser.open_tags[-1].name
        raise _refusal(f'Can\'t find end tag corresponding to start tag "{name}"')
    for entity in parser.entities:
        if entity["type"] == "code":
            entity.pop("language", None)
    return parser.text, in_order(parser.entities)


def decoded(text: str) -> str:
    """Return a text with the references that Telegram knows replaced by their characters."""
    return REFERENCE.sub(_character, text)


def _character(reference: re.Match[str]) -> str:
    if reference[3]:
        return NAMED[reference[3]]
    code = int(reference[1], 16) if reference[1] else int(reference[2])
    return chr(code) if 0 < code < 0x10FFFF and not 0xD800 <= code <= 0xDFFF else reference[0]


def _refusal(what: str) -> Refusal:
    return Refusal(400, f"can't parse entities: {what}")
