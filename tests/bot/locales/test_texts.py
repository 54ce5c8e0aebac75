"""What people read is in the locale files and fits where it is shown; every language falls back."""

import ast
import re
from pathlib import Path

import pytest
from babel import Locale

import bot
from bot.locales.key import Key
from bot.locales.texts import COMPLETE_LANGUAGE, LOCALES, Texts, load_texts, read_catalog
from bot.locales.translator import Price

ENGLISH = read_catalog(LOCALES / "en.toml")
SOURCES = [ast.parse(file.read_text()) for file in Path(bot.__file__).parent.rglob("*.py")]
PLAIN = (
    "command.",
    "button.",
    "change.",
    "hours.",
    "notice.",
    "refusal.",
    "role.",
    "status.",
    "subscription.",
    "told.",
    "payment.somebody",
)


def texts_of(sentence: object) -> list[str]:
    return list(sentence.values()) if isinstance(sentence, dict) else [str(sentence)]


def test_no_sentence_is_in_the_code() -> None:
    """What people read goes through a translator: Telegram's methods get no text of our own."""
    calls = (node for source in SOURCES for node in ast.walk(source) if isinstance(node, ast.Call))
    senders = {
        "send_message",
        "edit_message_text",
        "answer",
        "reply",
        "Screen",
        "BotCommand",
        "edit_message",
    }
    for call in calls:
        name = getattr(call.func, "attr", getattr(call.func, "id", ""))
        if name in senders:
            assert not [a for a in call.args if isinstance(a, ast.Constant) and a.value]


@pytest.mark.parametrize("file", sorted(LOCALES.glob("*.toml")), ids=lambda file: file.stem)
def test_every_plural_has_all_forms_of_its_language(file: Path) -> None:
    forms = Locale.parse(file.stem, sep="-").plural_form.tags | {"other"}
    plurals = [each for each in read_catalog(file).values() if isinstance(each, dict)]
    assert plurals
    assert all(plural.keys() == forms for plural in plurals)


@pytest.mark.parametrize("file", sorted(LOCALES.glob("*.toml")), ids=lambda file: file.stem)
def test_texts_name_the_same_commands_as_in_english(file: Path) -> None:
    for key, sentence in read_catalog(file).items():
        assert commands(sentence) == commands(ENGLISH[key]), key


def commands(sentence: object) -> set[str]:
    return {name for text in texts_of(sentence) for name in re.findall(r"(?<![<\w])/[a-z_]+", text)}


@pytest.mark.parametrize("file", sorted(LOCALES.glob("*.toml")), ids=lambda file: file.stem)
def test_plain_texts_hold_no_html_and_fit_a_notice(file: Path) -> None:
    for key, sentence in read_catalog(file).items():
        for text in texts_of(sentence):
            tags = re.findall(r"</?(\w+)>", text)
            if key.startswith(PLAIN):
                assert not re.search("[<>&]", text), key
                assert len(text) < 180, key
            assert set(tags) <= {"b", "i", "code"}, key
            assert all(text.count(f"<{tag}>") == text.count(f"</{tag}>") for tag in tags), key


def test_russian_quotes_names_and_ends_no_sentence_with_a_date_which_has_its_own_full_stop() -> (
    None
):
    for key, sentence in read_catalog(LOCALES / "ru.toml").items():
        for text in texts_of(sentence):
            assert not re.search(r"[а-яё,] (<b>)?\{organization", text), key
            assert "{day}." not in text, key


def test_a_language_falls_back_to_its_nearest_relative_and_then_to_english() -> None:
    texts = Texts(
        {
            "en": {"a": "English {price}", "b": "only English", "c": "English"},
            "pt": {"a": "Portuguese {price}", "c": "Portuguese"},
            "pt-br": {"c": "Brazilian"},
        }
    )
    price = Price("1234.50", "eur")
    assert texts.translator("pt-BR").html(Key("c")) == "Brazilian"
    assert texts.translator("pt-br").html(Key("a"), price=price) == "Portuguese €\u00a01.234,50"
    assert texts.translator("pt-br").html(Key("b")) == "only English"
    assert (
        texts.translator("xx-klingon").html(Key("c"))
        == texts.translator(None).html(Key("c"))
        == "English"
    )


def test_plural_forms_are_chosen_by_the_rules_of_the_language() -> None:
    texts = Texts(
        {
            "en": {"days": {"one": "{count} day", "other": "{count} days"}},
            "ru": {"days": {"one": "{count} den", "few": "{count} dnya", "other": "{count} dney"}},
        }
    )
    assert [texts.translator("en").html(Key("days"), count=n) for n in (1, 2)] == [
        "1 day",
        "2 days",
    ]
    russian = texts.translator("ru")
    assert [russian.html(Key("days"), count=n) for n in (1, 3, 5, 21)] == [
        "1 den",
        "3 dnya",
        "5 dney",
        "21 den",
    ]


def test_english_is_complete_by_definition() -> None:
    assert COMPLETE_LANGUAGE in load_texts().languages
