"""Every word is in the locale files, every placeholder is filled, every language falls back."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import pytest
from babel import Locale

import bot
from bot.locales.texts import COMPLETE_LANGUAGE, LOCALES, Price, Texts, load_texts, read_catalog

ENGLISH = read_catalog(LOCALES / "en.toml")
SECTIONS = {key.split(".")[0] for key in ENGLISH}
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


def keys_in_code() -> Iterator[str]:
    """Keys as written in the code; of an f-string the fixed beginning ("refusal.")."""
    for node in (node for source in SOURCES for node in ast.walk(source)):
        match node:
            case ast.JoinedStr(values=[ast.Constant(value=str(start)), *_]):
                found = start
            case ast.Constant(value=str(found)):
                pass
            case _:
                continue
        if re.fullmatch(rf"({'|'.join(SECTIONS)})\.[a-z_]*", found):
            yield found


def test_every_key_in_the_code_is_in_english() -> None:
    assert [key for key in keys_in_code() if not key.endswith(".") and key not in ENGLISH] == []


def test_every_key_in_english_is_used_by_the_code() -> None:
    used = set(keys_in_code())
    by_name = tuple(key for key in used if key.endswith("."))
    assert [key for key in ENGLISH if key not in used and not key.startswith(by_name)] == []


def test_no_sentence_is_in_the_code() -> None:
    """What people read goes through `words`: Telegram's methods get no text of our own."""
    calls = (node for source in SOURCES for node in ast.walk(source) if isinstance(node, ast.Call))
    senders = {"send_message", "edit_message_text", "answer", "reply", "Screen", "BotCommand"}
    for call in calls:
        name = getattr(call.func, "attr", getattr(call.func, "id", ""))
        if name in senders:
            assert not [a for a in call.args if isinstance(a, ast.Constant) and a.value]


@pytest.mark.parametrize("file", sorted(LOCALES.glob("*.toml")), ids=lambda file: file.stem)
def test_every_language_has_english_keys_and_placeholders(file: Path) -> None:
    catalog = read_catalog(file)
    assert catalog.keys() == ENGLISH.keys()
    for key, sentence in catalog.items():
        wanted = placeholders(texts_of(ENGLISH[key]))
        assert placeholders(texts_of(sentence)) == wanted, key


@pytest.mark.parametrize("file", sorted(LOCALES.glob("*.toml")), ids=lambda file: file.stem)
def test_every_plural_has_all_forms_of_its_language(file: Path) -> None:
    forms = Locale.parse(file.stem, sep="-").plural_form.tags | {"other"}
    plurals = [each for each in read_catalog(file).values() if isinstance(each, dict)]
    assert plurals
    assert all(plural.keys() == forms for plural in plurals)


def placeholders(sentences: list[str]) -> set[str]:
    return {name for text in sentences for _, name, _, _ in Formatter().parse(text) if name}


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
    assert texts.words("pt-BR").say("c") == "Brazilian"
    assert texts.words("pt-br").say("a", price=price) == "Portuguese €\u00a01.234,50"
    assert texts.words("pt-br").say("b") == "only English"
    assert texts.words("xx-klingon").say("c") == texts.words(None).say("c") == "English"


def test_plural_forms_are_chosen_by_the_rules_of_the_language() -> None:
    texts = Texts(
        {
            "en": {"days": {"one": "{count} day", "other": "{count} days"}},
            "ru": {"days": {"one": "{count} den", "few": "{count} dnya", "other": "{count} dney"}},
        }
    )
    assert [texts.words("en").say("days", count=n) for n in (1, 2)] == ["1 day", "2 days"]
    russian = texts.words("ru")
    assert [russian.say("days", count=n) for n in (1, 3, 5, 21)] == [
        "1 den",
        "3 dnya",
        "5 dney",
        "21 den",
    ]


def test_english_is_complete_by_definition() -> None:
    assert COMPLETE_LANGUAGE in load_texts().languages
