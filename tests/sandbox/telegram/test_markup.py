"""Marked-up texts become the entities that Telegram makes of them, or are refused in its words."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.refusals import Refusal
from sandbox.telegram.html_markup import parse_html
from sandbox.telegram.markdown_markup import parse_markdown
from tests.sandbox.telegram.playground import Json, Playground, local_telegram

ANA = 1001
RESERVED = "Character '{}' is reserved and must be escaped with the preceding '\\'"
NO_EQUAL_SIGN = 'Expected equal sign in declaration of an attribute of the tag "b" at byte offset 0'


@pytest.fixture
async def play(tmp_path: Path) -> AsyncIterator[Playground]:
    async with local_telegram(tmp_path) as playground:
        await playground.write("ana", "hello")
        yield playground


def entity(type: str, offset: int, length: int, **more: Any) -> Json:
    return {"type": type, "offset": offset, "length": length, **more}


MARKED_UP_AS_HTML: dict[str, tuple[str, list[Json]]] = {
    "💶 <b>Paid <i>EUR 5</i></b> &lt;&amp;&gt; <code>/x</code><i></i>": (
        "💶 Paid EUR 5 <&> /x",
        [entity("bold", 3, 10), entity("italic", 8, 5), entity("code", 18, 2)],
    ),
    "<STRONG>a</strong><ins>b</ins><del>c</del><tg-spoiler>d</tg-spoiler>": (
        "abcd",
        [
            entity("bold", 0, 1),
            entity("underline", 1, 1),
            entity("strikethrough", 2, 1),
            entity("spoiler", 3, 1),
        ],
    ),
    "<a href='https://a.bc/?x=1&amp;y'>a</a> <a href='http://nowhere'>b</a>": (
        "a b",
        [entity("text_link", 0, 1, url="https://a.bc/?x=1&y")],
    ),
    "<a>a.bc</a> &nbsp; &#128182;": (
        "a.bc &nbsp; 💶",
        [entity("text_link", 0, 4, url="http://a.bc/")],
    ),
    "<a href='tg://user?id=1002'>Ben</a> <a href='tg://user?id=7'>x</a>": (
        "Ben x",
        [entity("text_mention", 0, 3, user={"id": 1002, "is_bot": False, "first_name": "Ben"})],
    ),
    "<pre><code class='language-py'>x</code></pre><code class='language-py'>y</code>": (
        "xy",
        [entity("pre", 0, 1, language="py"), entity("code", 1, 1)],
    ),
    "<blockquote expandable>a</blockquote><span class='tg-spoiler'>b</>": (
        "ab",
        [entity("expandable_blockquote", 0, 1), entity("spoiler", 1, 1)],
    ),
}
MARKED_UP_AS_MARKDOWN: dict[str, tuple[str, list[Json]]] = {
    "*b _i __u___ ~s~ ||p||*": (
        "b i u s p",
        [
            entity("bold", 0, 9),
            entity("italic", 2, 3),
            entity("underline", 4, 1),
            entity("strikethrough", 6, 1),
            entity("spoiler", 8, 1),
        ],
    ),
    r"💶 1\.5 \* \\": (r"💶 1.5 * \ ".strip(), []),
    r"[a\.b](https://a.bc/\)) `c*_\``": (
        "a.b c*_`",
        [entity("text_link", 0, 3, url="https://a.bc/)"), entity("code", 4, 4)],
    ),
    "```py\nx = 1\n```": ("x = 1\n", [entity("pre", 0, 6, language="py")]),
    "```\nx``y\n```": ("x``y\n", [entity("pre", 0, 5)]),
    "[x](nowhere) **": ("x ", []),
}
REFUSED: list[tuple[str, str, str]] = [
    ("HTML", "é<script>", 'Unsupported start tag "script" at byte offset 2'),
    ("HTML", "1 < 2", 'Unsupported start tag "" at byte offset 2'),
    ("HTML", "<b>x", 'Can\'t find end tag corresponding to start tag "b"'),
    ("HTML", "<b", "Unclosed start tag at byte offset 0"),
    ("HTML", "<b>x</b", "Unclosed end tag at byte offset 4"),
    ("HTML", "x</b>", "Unexpected end tag at byte offset 1"),
    (
        "HTML",
        "<b><i>test</b></i>",
        'Unmatched end tag at byte offset 10, expected "</i>", found "</b>"',
    ),
    ("HTML", "<b x>y</b>", NO_EQUAL_SIGN),
    ("HTML", "<span>x</span>", 'Tag "span" must have class "tg-spoiler" at byte offset 0'),
    ("MarkdownV2", "5.5", RESERVED.format(".")),
    ("MarkdownV2", "a | b", RESERVED.format("|")),
    ("MarkdownV2", "a > b", RESERVED.format(">")),
    ("MarkdownV2", "é *x", "Can't find end of Bold entity at byte offset 3"),
    ("MarkdownV2", "_x", "Can't find end of Italic entity at byte offset 0"),
    ("MarkdownV2", "```x", "Can't find end of Pre entity at byte offset 0"),
    ("MarkdownV2", "[x](a", "Can't find end of a URL at byte offset 3"),
]


@pytest.mark.parametrize("source", MARKED_UP_AS_HTML)
def test_html_becomes_entities_counted_in_utf16(source: str) -> None:
    assert parse_html(source) == MARKED_UP_AS_HTML[source]


@pytest.mark.parametrize("source", MARKED_UP_AS_MARKDOWN)
def test_markdown_becomes_entities_counted_in_utf16(source: str) -> None:
    assert parse_markdown(source) == MARKED_UP_AS_MARKDOWN[source]


async def test_markup_is_refused_in_telegrams_words(play: Playground) -> None:
    for mode, text, why in REFUSED:
        answer = await play.bot("sendMessage", chat_id=ANA, text=text, parse_mode=mode)
        assert answer["description"] == f"Bad Request: can't parse entities: {why}"
    answer = await play.bot("sendMessage", chat_id=ANA, text="x", parse_mode="BBCode")
    assert answer["description"] == "Bad Request: unsupported parse_mode"


@pytest.mark.parametrize("text", [">quoted", "![👍](tg://emoji?id=1)"])
def test_markdown_that_is_not_modelled_says_so(text: str) -> None:
    with pytest.raises(Refusal) as refusal:
        parse_markdown(text)
    assert refusal.value.status == 501


async def test_a_bot_sends_entities_of_its_own(play: Playground) -> None:
    async def send(**fields: Any) -> Json:
        return await play.bot("sendMessage", chat_id=ANA, text=" /start now", entities=[fields])

    bold = (await send(type="bold", offset=8, length=3))["result"]
    assert (bold["text"], bold["entities"]) == ("/start now", [entity("bold", 7, 3)])
    link = (await send(type="text_link", offset=1, length=6, url="a.bc/x"))["result"]
    assert link["entities"] == [entity("text_link", 0, 6, url="http://a.bc/x")]
    command = (await send(type="bot_command", offset=1, length=6, url=None))["result"]
    assert "entities" not in command
    for place, why in (
        ({"offset": -1, "length": 1}, "receive an entity with incorrect offset -1"),
        (
            {"offset": 2, "length": 99},
            "entity beginning at UTF-16 offset 2 ends after the end of the text"
            " at UTF-16 offset 101",
        ),
    ):
        assert (await send(type="bold", **place))["description"] == f"Bad Request: {why}"
