"""Names that nobody can see are refused or replaced, and no client makes a link of one."""

import re
from typing import TYPE_CHECKING, Any

import asyncpg
import pytest
from telegram import InlineKeyboardMarkup

from backend.database.postgres import PostgresDatabase
from backend.errors import BadRequest
from backend.organizations.people import stored_name
from backend.schemas import Notification
from backend.subscriptions.packages import add_package
from bot.delivery.worker import notification_screen
from bot.locales.names import WRITTEN_BY_PEOPLE, without_links
from bot.locales.texts import load_texts
from sandbox.telegram.html_markup import parse_html
from tests.backend.conftest import ANA, BEN, System
from tests.backend.organizations.test_organizations import code, request_api
from tests.bot.fake_backend import notification, payment
from tests.conftest import World

if TYPE_CHECKING:
    Connection = asyncpg.Connection[Any]
else:
    Connection = asyncpg.Connection

BLANK = {
    "a Hangul filler": "\u3164",
    "half-width": "\uffa0",
    "of old Hangul": "\u115f\u1160",
    "braille without dots": "\u2800\u2800",
    "variation selectors": "\ufe0f\ufe0e",
    "ideographic variation selectors": "\U000e0100",
    "Mongolian variation selectors": "\u180b\u180c",
    "zero width": "\u200b\u200c\u200d\u2060\ufeff",
    "grapheme joiners": "\u034f\u034f",
    "vowels of Khmer": "\u17b4\u17b5",
    "tags": "\U000e0041\U000e0042",
    "a mark without a letter": "\u0301",
    "an object": "\ufffc",
    "spaces": "\u00a0\u2003\u3000",
    "soft hyphens": "\u00ad",
    "directions": "\u200e\u200f\u061c",
}
SHAPED = {
    "Persian": "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
    "Marathi": "\u0926\u0930\u094d\u200d\u092f\u093e",
    "a chillu at the end": "\u0d05\u0d35\u0d28\u0d4d\u200d",
    "a Hijri year": "1447 \u0647\u200d",
    "a family": "Fam \U0001f468\u200d\U0001f469\u200d\U0001f467",
    "a rainbow flag": "\U0001f3f3\ufe0f\u200d\U0001f308 Club",
    "skin tone": "\U0001f469\U0001f3fd\u200d\U0001f692",
    "a heart": "I \u2764\ufe0f Acme",
    "a keycap": "No 1\ufe0f\u20e3",
    "Wales": "\U0001f3f4\U000e0067\U000e0062\U000e0077\U000e006c\U000e0073\U000e007f FC",
    "a country": "\U0001f1e9\U0001f1ea",
    "newer than Unicode 14": "Shaky \U0001fae8",
    "a chosen form": "\u845b\U000e0100\u98fe",
    "accents": "Zo\u0308e Nguy\u1ec5n",
    "Thai": "\u0e1a\u0e23\u0e34\u0e29\u0e31\u0e17",
    "signs": "C++ & Co.",
}
HIDDEN = {
    "Ac\u200bme": "Acme",
    "\u3164Acme\u3164\u3164Ltd": "Acme Ltd",
    "A\ufe0f\ufe0f\ufe0f": "A\ufe0f",
    "\u200dAcme\u200c": "Acme",
    "Acme \u200d Ltd": "Acme Ltd",
    "\U0001f600\u200c\U0001f600": "\U0001f600\U0001f600",
    "\u202eAc\u034fme": "Acme",
}


async def test_a_name_of_which_nothing_can_be_seen_is_refused_or_replaced(
    system: System, database: PostgresDatabase, owner: Connection, world: World
) -> None:
    for what, name in BLANK.items():
        status, body = await request_api(system, ANA, "PATCH", "/organizations/{acme}", name=name)
        assert (status, code(body)) == (400, "invalid_request"), what
        _, me = await request_api(system, BEN, "PUT", "/me", name=name)
        assert me["name"] == "?", what
        # Past the backend: whoever calls the database directly, and the bot's service.
        with pytest.raises(asyncpg.CheckViolationError):
            await database.call(
                "rename_organization", world.ana, organization_id=world.acme, name=name
            )
        for change in (
            "update private.users set name = $1",
            "insert into packages (name, amount, currency, interval)"
            " values ($1, 500, 'eur', 'month')",
        ):
            with pytest.raises(asyncpg.CheckViolationError):
                await owner.execute(change, name)
        with pytest.raises(BadRequest):
            await add_package(database, name, "5", "eur", "month")
    assert await owner.fetchval("select name from organizations") == "Acme"


async def test_what_belongs_to_a_word_or_an_emoji_is_kept(
    system: System, owner: Connection
) -> None:
    for what, name in SHAPED.items():
        status, renamed = await request_api(
            system, ANA, "PATCH", "/organizations/{acme}", name=name
        )
        assert (status, renamed.get("name")) == (200, name), what
        _, me = await request_api(system, BEN, "PUT", "/me", name=name)
        assert me["name"] == name, what


@pytest.mark.parametrize(("name", "stored"), HIDDEN.items())
def test_what_hides_in_a_name_is_removed(name: str, stored: str) -> None:
    assert stored_name(name) == stored


# As Telegram's servers and clients find them: https://core.telegram.org/api/entities, and
# https://github.com/tdlib/td/blob/master/td/telegram/MessageEntity.cpp, of which these are the
# rules without the list of top-level domains.
PART = "[^\\W_]|[-\u200c\u200d\u2010-\u2015]"
LINKED = {
    "mention": re.compile(r"(?<!\w)@\w{2,32}(?!\w)", re.ASCII),
    "command": re.compile(r"(?<![\w/<>])/\w{1,64}(?![\w/<>])", re.ASCII),
    "hashtag": re.compile(r"(?<!\w)#\w+"),
    "cashtag": re.compile(r"(?<![$\w])\$[A-Z]{3,8}(?![$\w])"),
    "url": re.compile(rf"(?:{PART})+(?:\.(?:{PART})+)*\.[^\W\d_]{{2,}}"),
    "host": re.compile(r"(?:\d{1,3}\.){3}\d{1,3}"),
    "scheme": re.compile(r"\w+://\w+"),
    "e-mail": re.compile(r"\w@\w"),
    "phone": re.compile(r"\+?\d(?:[\s().-]{0,2}\d){6,}"),
}
TEMPTING = (
    "evil.com", "Evil.Com Ltd.", "sub.evil.co.uk", "t.me/x", "https://t.me/joinchat/x", "@somebody",
    "me (@somebody)", "/topup", "/topup@other_bot", "+1 (212) 555-0123", "0151 23456789",
    "4111111", "ana@evil.com", "#free", "$USD", "tg://resolve?domain=x", "192.0.2.1", "пример.рф",
    "a.b.c.de", "www.evil.com/x?y=1", "@a @bb /c.dd",
)  # fmt: skip
PLAIN = (
    "Ana", "Acme Ltd.", "A. B. Smith", "C/O Post", "AC/DC", "24/7", "Team 2026", "Nr. 12.5",
    "50 % @ 10", "Straße 5, Köln", "R&D", "#", "@", "Hello...",
)  # fmt: skip
TEXTS = load_texts()


def links(text: str) -> list[str]:
    return [kind for kind, pattern in LINKED.items() if pattern.search(text)]


@pytest.mark.parametrize("name", TEMPTING)
def test_a_name_that_would_be_a_link_is_shown_as_none(name: str) -> None:
    assert links(name)
    shown = without_links(name)
    assert links(shown) == []
    assert shown.replace("\u2060", "") == name  # nothing that one can see is added or lost


@pytest.mark.parametrize("name", PLAIN)
def test_a_name_that_would_be_none_stays_as_it_is(name: str) -> None:
    assert without_links(name) == name


@pytest.mark.parametrize("language", sorted(TEXTS.languages))
def test_no_notification_links_a_name(language: str) -> None:
    """Of whatever kind; the names are of a payer, an organization, an actor, a card."""
    name, facts = "evil.com @somebody /topup", {
        "role": "admin", "payment": "0" * 32, "reference": "AB12", "amount": "20.00",
        "currency": "eur", "happened": "left", "method_id": "0" * 32, "organization_id": "0" * 32,
        "news": "failed", "interval": "month", "reason": "fraudulent", "announced": "general",
    }  # fmt: skip
    facts |= dict.fromkeys(("name", "by", "organization_name", "card"), name)
    shown = payment(status="succeeded", organization_name=name, paid_by=name, paid_with=name)
    for kind in Notification.model_fields["kind"].annotation.__args__:  # type: ignore[union-attr]
        if kind == "method_link_shown":
            continue
        notified = notification(shown, kind=kind, facts=facts)
        screen = notification_screen(notified, TEXTS.translator(language))
        text, _ = parse_html(screen.text)
        own_commands = re.sub(r"(?<![\w\u2060])/[a-z]+", "", text)  # the sentence's own
        assert links(own_commands) == [], text
        assert isinstance(screen.keyboard, InlineKeyboardMarkup | None)


# What else sentences name. Of each new placeholder somebody decides here whether people write it.
OURS = {
    "action", "amount", "at_least", "balance", "choice", "closing", "contact", "count",
    "currencies", "currency", "day", "debt", "email", "end", "funded", "interval", "language",
    "less", "less_typed", "maximum", "minimum", "month", "more", "more_typed", "most", "new", "now",
    "number", "opening", "order", "quiet", "reason", "reference", "refunded", "requested", "role",
    "status", "step", "text", "time", "timezone", "until", "url", "zone",
}  # fmt: skip


def test_of_each_placeholder_it_is_decided_whether_people_write_it() -> None:
    from tests.bot.locales.test_keys import constants

    named = {name for key in constants().values() for name in key.placeholders}
    assert named - WRITTEN_BY_PEOPLE == OURS
