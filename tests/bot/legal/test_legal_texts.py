"""/privacy and /terms: to everybody, in groups too, in both languages, in the operator's words."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.__main__ import started
from bot.app import create_app
from bot.backend_api.client import BackendClient
from bot.legal.documents import FOLDER, PAGE_UNITS, read_documents, split_pages, utf16_units
from bot.locales.texts import LOCALES
from bot.settings import Settings, SettingsError, read_settings
from sandbox.personas import GROUP
from sandbox.telegram.text import plain_text
from tests.bot.conftest import TEXTS, Person
from tests.bot.fake_backend import SECRET, FakeBackend
from tests.bot.test_process import SECRETS
from tests.sandbox.telegram.playground import TOKEN, Playground

MENU_LENGTH = 256


@asynccontextmanager
async def bot_of(
    telegram: Playground, client: BackendClient, **settings: str | Path
) -> AsyncIterator[None]:
    """The bot with these settings of an operator."""
    configured = Settings(
        telegram_bot_token=SecretStr(TOKEN),
        bot_api_secret=SecretStr(SECRET),
        telegram_api_base=telegram.url,
        **settings,  # type: ignore[arg-type]  # of each its own
    )
    async with started(create_app(configured, client, TEXTS)):
        yield


def calls_of(backend: FakeBackend) -> set[str]:
    return {call for call in backend.calls if not call.startswith("POST /internal/")}


async def test_a_stranger_reads_both_and_is_made_known_to_nobody(
    eve: Person, backend: FakeBackend
) -> None:
    await eve.writes("/privacy")
    privacy = plain_text(await eve.sees("Privacy"))
    assert "Contact: @acme_help" in privacy
    assert "Your number here, to give when you write: 1003" in privacy
    assert "bot: not named here; ask the owner of your organization" in privacy
    await eve.writes("/terms")
    terms = plain_text(await eve.sees("Terms"))
    assert "it is not paid out" in terms
    assert "Your number here" not in terms
    assert calls_of(backend) == set()


async def test_whoever_speaks_russian_reads_them_in_russian(ira: Person) -> None:
    await ira.writes("/privacy")
    assert "Контакт: @acme_help" in plain_text(await ira.sees("Конфиденциальность"))
    await ira.writes("/terms")
    await ira.sees("не выплачивается деньгами")


async def test_a_language_that_somebody_chose_wins_over_their_clients(ana: Person) -> None:
    await ana.writes("/language")
    await ana.taps(await ana.sees("language"), "Русский")
    await ana.writes("/privacy")
    await ana.sees("Конфиденциальность")


async def test_they_stand_in_the_menu_and_in_help_and_need_no_backend(
    ana: Person, telegram: Playground, backend: FakeBackend
) -> None:
    """Telegram's apps send /privacy from the bot's profile only where the menu has it."""
    backend.refuse("PUT /api/me", "internal_error")
    menu = {each["command"]: each for each in (await telegram.chat("ana"))["commands"]}
    assert {"privacy", "terms"} <= menu.keys()
    assert all(len(each["description"]) <= MENU_LENGTH for each in menu.values())
    await ana.writes("/help")
    text = plain_text(await ana.sees("What you can do here"))
    assert "/privacy: What is stored about you" in text
    assert "/terms: What the wallet is" in text
    await ana.writes("/terms")
    await ana.sees("What the wallet is")


async def test_a_group_reads_them_too_without_anybodys_number(
    ana: Person, telegram: Playground, backend: FakeBackend
) -> None:
    group = replace(ana, place=GROUP)
    await telegram.post("groups", user="ana", chat=GROUP, event="add_bot")
    await group.sees("An owner of an organization")
    for command in ("/privacy", "/privacy@pursebot_sandbox_bot"):
        await group.writes(command)
        privacy = plain_text(await group.sees("Contact: @acme_help"))
        assert ("1001" in privacy, "Your number here" in privacy) == (False, False)
    await group.writes("/terms")
    await group.sees("What it is not")


async def test_the_operators_name_and_contact_are_filled_in_as_they_are(
    telegram: Playground, client: BackendClient
) -> None:
    named = {"operator_name": "Müller & <Söhne> {contact}", "operator_contact": "law@acme.example"}
    async with bot_of(telegram, client, support_contact="@acme_help", **named):
        ana = Person(telegram, "ana")
        await ana.writes("/terms")
        terms = plain_text(await ana.sees("Terms"))
    assert "pays for: Müller & <Söhne> {contact}\n" in terms
    assert "Contact: law@acme.example\n" in terms
    assert "{operator}" not in terms


async def test_a_document_of_the_operators_replaces_ours_in_every_language(
    telegram: Playground, client: BackendClient, tmp_path: Path
) -> None:
    own = "# Ours & yours\n{operator} keeps {this} <b>as it is</b>. " + "word " * 1500
    (tmp_path / "privacy.en.txt").write_text(own, encoding="utf-8-sig")
    async with bot_of(telegram, client, operator_name="Acme Ltd", legal_texts=tmp_path):
        ira = Person(telegram, "ira")
        await ira.writes("/privacy")
        first = await ira.sees("Ours & yours")
        assert "Acme Ltd keeps {this} <b>as it is</b>." in plain_text(first)
        last = plain_text(await ira.sees("Ваш номер здесь"))
        assert last.startswith("word")
        await ira.writes("/terms")
        await ira.sees("Условия")  # which they left to us


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        ({}, "LEGAL_TEXTS: must be a folder with files such as privacy.en.txt"),
        ({"privacy-en.txt": b"x"}, "LEGAL_TEXTS: has a file privacy-en.txt: names are"),
        ({"privacy.en.txt": b" \n"}, "LEGAL_TEXTS: has a file privacy.en.txt that is empty"),
        (
            {"terms.en.txt": b"\xff\xfe\xfd"},
            "LEGAL_TEXTS: has a file terms.en.txt that is no UTF-8",
        ),
    ],
)
def test_a_folder_that_cannot_be_used_stops_the_start_with_a_sentence(
    files: dict[str, bytes], sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    for name, value in {**SECRETS, "LEGAL_TEXTS": str(tmp_path)}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=re.escape(sentence)):
        read_settings()


@pytest.mark.parametrize("name", ["two\nlines", " ", "x" * 201])
def test_an_operators_name_is_one_line(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for setting, value in {**SECRETS, "OPERATOR_NAME": name}.items():
        monkeypatch.setenv(setting, value)
    with pytest.raises(SettingsError, match="OPERATOR_NAME: must be a name on one line"):
        read_settings()


def test_every_language_has_both_documents_of_the_same_parts_on_one_page_each() -> None:
    documents = read_documents(FOLDER)
    languages = {file.stem for file in LOCALES.glob("*.toml")}
    for texts in documents.values():
        assert texts.keys() == languages
        assert len({text.count("\n# ") for text in texts.values()}) == 1
        for text in texts.values():
            assert {"{operator}", "{contact}"} <= set(re.findall(r"\{\w+\}", text))
            assert len(list(split_pages(text))) == 1


@pytest.mark.parametrize(
    "text",
    ["a\n\nb", "\n\n".join(["word " * 200] * 9), "😀" * 9000, "x" * (PAGE_UNITS + 1) + "\n\ny"],
    ids=["short", "paragraphs", "two units each", "one long paragraph"],
)
def test_no_page_is_longer_than_telegram_takes_and_nothing_is_lost(text: str) -> None:
    pages = list(split_pages(text))
    assert all(utf16_units(page) <= PAGE_UNITS for page in pages)
    assert "".join(pages).replace("\n\n", "") == text.replace("\n\n", "")
