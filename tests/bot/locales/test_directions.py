"""A name that is written from right to left turns nothing around that stands beside it."""

import pytest
from babel import Locale

from bot.locales.key import Key
from bot.locales.texts import load_texts
from bot.locales.translator import Price, Translator, short
from tests.bot.conftest import Person, buttons
from tests.bot.fake_backend import ACME, ANA, GLOBEX, FakeBackend, membership

HEBREW = "\u05d7\u05e0\u05d5\u05ea 24"
ARABIC = "\u0634\u0631\u0643\u0629 \u0627\u0644\u0646\u0648\u0631"
ISOLATED = {name: f"\u2068{name}\u2069" for name in (HEBREW, ARABIC)}
SENTENCE = Key("sentence", "name", "amount")
TEXTS = load_texts()


def written(language: str, name: str) -> str:
    """A sentence with a name and an amount."""
    sentences = {"sentence": "{name} {amount}"}
    translator = Translator(Locale.parse(language), sentences)
    return translator.text(SENTENCE, name=name, amount=Price("50", "eur"))


@pytest.mark.parametrize("name", [HEBREW, ARABIC])
def test_a_name_of_the_other_direction_is_isolated(name: str) -> None:
    assert written("en", name) == f"{ISOLATED[name]} €50.00"
    assert written("ru", name) == f"{ISOLATED[name]} 50,00\u00a0€"
    assert written("he", name).startswith(f"{name} ")


@pytest.mark.parametrize("name", ["Acme", "Ромашка", "株式会社", "24", "", "Ana 🙂"])
def test_other_names_stay_as_they_are(name: str) -> None:
    assert written("en", name) == f"{name} €50.00"
    assert written("he", "Acme").startswith("\u2068Acme\u2069 ")


def test_what_was_filled_in_is_isolated_once_and_marks_of_ones_own_are_removed() -> None:
    assert written("en", written("en", HEBREW)) == f"{ISOLATED[HEBREW]} €50.00 €50.00"
    assert written("en", f"\u2069\u202e{HEBREW}\u2067") == f"{ISOLATED[HEBREW]} €50.00"


def test_a_name_that_is_cut_is_closed() -> None:
    assert written("en", short(ARABIC * 9)).count("\u2068") == 1
    assert written("en", short(ARABIC * 9)).endswith("\u2026\u2069 €50.00")


async def test_messages_and_buttons_isolate_names(ana: Person, backend: FakeBackend) -> None:
    backend.memberships[ANA] = [
        membership(ACME, HEBREW, "owner"),
        membership(GLOBEX, ARABIC, "owner"),
    ]
    await ana.writes("/balance")
    shown = await ana.sees("Balance: €12.34")
    assert f"{ISOLATED[HEBREW]} (your role: owner)" in shown["text"]
    await ana.writes("/org")
    screen = await ana.sees(ISOLATED[HEBREW])
    assert f"Switch to {ISOLATED[ARABIC]}" in buttons(screen)
