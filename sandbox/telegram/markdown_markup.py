"""`parse_mode` MarkdownV2, with the errors of Telegram's own parser.

https://core.telegram.org/bots/api#markdownv2-style. Block quotes and custom emoji are not modelled.
"""

import re
from dataclasses import dataclass, field

from sandbox.refusals import Refusal, not_modelled
from sandbox.store import Json
from sandbox.telegram.entities import in_order, linked, utf16_length

RESERVED = "_*[]()~`>#+-=|{}.!"
# By the marks that begin and end an entity, longer ones first: its type, and its name in errors.
MARKS = {
    "```": ("pre", "Pre"),
    "__": ("underline", "Underline"),
    "||": ("spoiler", "Spoiler"),
    "`": ("code", "Code"),
    "_": ("italic", "Italic"),
    "*": ("bold", "Bold"),
    "~": ("strikethrough", "Strikethrough"),
    "[": ("text_link", "TextUrl"),
}
VERBATIM = ("`", "```")
LANGUAGE = re.compile(r"([^\s`]+)(?=\s)")


@dataclass
class _Open:
    """An entity that has begun: its mark, where in the source, and how long the text was."""

    mark: str
    at: int
    offset: int
    begin: int
    language: str = ""


@dataclass
class _Parser:
    """What has been read so far of `source`."""

    source: str
    text: str = ""
    entities: list[Json] = field(default_factory=list)
    open: list[_Open] = field(default_factory=list)

    def read(self, at: int) -> int:
        """Read the character or mark at an index; return where the next one is."""
        character, inside = self.source[at], self.open[-1].mark if self.open else ""
        if character == "\\" and 0 < ord(self.source[at + 1 : at + 2] or "\0") <= 126:
            self.text += self.source[at + 1]
            return at + 2
        if character not in ("`" if inside in VERBATIM else RESERVED):
            self.text += character
            return at + 1
        if inside and self._ends(inside, at):
            return self._end(self.open.pop(), at)
        if inside in VERBATIM:  # another number of them than began it
            self.text += character
            return at + 1
        return self._begin(at)

    def _ends(self, mark: str, at: int) -> bool:
        """Return whether the innermost entity ends here."""
        if mark == "[":
            return self.source[at] == "]"
        if mark == "_":
            return self.source[at] == "_" and not self.source.startswith("__", at)
        return self.source.startswith(mark, at)

    def _end(self, entity: _Open, at: int) -> int:
        """End an entity; return where the text goes on."""
        place = {"offset": entity.offset, "length": utf16_length(self.text) - entity.offset}
        if entity.mark == "[":
            url, at = self._url(at + 1)
            made = linked(url or self.text[entity.begin :], **place)
            self.entities += [made] if made else []
            return at
        language = {"language": entity.language} if entity.language else {}
        self.entities.append({"type": MARKS[entity.mark][0], **place, **language})
        return at + len(entity.mark)

    def _url(self, at: int) -> tuple[str, int]:
        """Return the address in brackets at an index, and where it ends; "" where there is none."""
        if not self.source.startswith("(", at):
            return "", at
        begin, url = at, ""
        at += 1
        while (character := self.source[at : at + 1]) != ")":
            if not character:
                raise _refusal(f"Can't find end of a URL at byte offset {self._bytes(begin)}")
            at += character == "\\"
            url += self.source[at : at + 1]
            at += 1
        return url, at + 1

    def _begin(self, at: int) -> int:
        """Begin an entity; return where its text is. Raises Refusal for any other character."""
        mark = next((each for each in MARKS if self.source.startswith(each, at)), None)
        character = self.source[at]
        if character == ">" and (at == 0 or self.source[at - 1] == "\n"):
            raise not_modelled("block quotes in MarkdownV2")
        if self.source.startswith("![", at):
            raise not_modelled("custom emoji and dates in MarkdownV2")
        if mark is None:
            what = (
                f"Character '{character}' is reserved and must be escaped with the preceding '\\'"
            )
            raise _refusal(what)
        entity = _Open(mark, at, utf16_length(self.text), len(self.text))
        self.open.append(entity)
        at += len(mark)
        if mark == "```":
            if named := LANGUAGE.match(self.source, at):
                entity.language, at = named[1], named.end()
            at += self.source.startswith("\n", at)
        return at

    def _bytes(self, at: int) -> int:
        return len(self.source[:at].encode())

    def finish(self) -> None:
        """Raise Refusal (400) for an entity that has not ended."""
        if self.open:
            last = self.open[-1]
            at = self._bytes(last.at)
            raise _refusal(f"Can't find end of {MARKS[last.mark][1]} entity at byte offset {at}")


def parse_markdown(source: str) -> tuple[str, list[Json]]:
    """Parse MarkdownV2; return plain text and entities in Telegram's order.

    Raises Refusal: 400 for what Telegram cannot parse, 501 for block quotes and custom emoji.
    """
    parser, at = _Parser(source), 0
    while at < len(source):
        at = parser.read(at)
    parser.finish()
    return parser.text, in_order(parser.entities)


def _refusal(what: str) -> Refusal:
    return Refusal(400, f"can't parse entities: {what}")
