"""A real bot sends files on the local Telegram, and people save them from the chat."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect
from telegram import Bot, InputFile
from telegram.error import BadRequest, NetworkError

from sandbox.server import MAX_BODY_BYTES
from tests.chromium import needs_chromium, one_loop
from tests.sandbox.telegram.playground import TOKEN, Playground, local_telegram

ANA = 1001
CSV = '\ufeffWhen,"Who"\r\n'.encode()

pytestmark = one_loop


@pytest_asyncio.fixture(loop_scope="module")
async def play(tmp_path: Path) -> AsyncIterator[Playground]:
    async with local_telegram(tmp_path) as playground:
        await playground.write("ana", "hello")
        yield playground


@pytest_asyncio.fixture(loop_scope="module")
async def bot(play: Playground) -> AsyncIterator[Bot]:
    async with Bot(TOKEN, base_url=f"{play.url}/bot") as real:
        yield real


async def test_a_document_stands_in_the_chat_and_can_be_saved(play: Playground, bot: Bot) -> None:
    file = InputFile(CSV, filename="acme-2026-11-eur.csv")
    sent = await bot.send_document(ANA, file, caption="<b>Acme</b>", parse_mode="HTML")
    assert sent.document
    assert (sent.document.file_name, sent.document.mime_type) == (
        "acme-2026-11-eur.csv", "text/csv",
    )  # fmt: skip
    [_, seen] = (await play.chat("ana"))["messages"]
    assert (seen["caption"], seen["caption_entities"][0]["type"]) == ("Acme", "bold")
    assert seen["document"]["file_size"] == len(CSV)
    address = f"{play.url}/telegram/files/{seen['document']['file_id']}"
    async with play.http.get(address) as answer:
        assert await answer.read() == CSV
        assert answer.headers["Content-Disposition"].startswith("attachment; filename*=UTF-8''acme")
    async with play.http.get(f"{play.url}/telegram/files/other") as answer:
        assert answer.status == 404
    async with play.http.get(f"{play.url}/telegram/personas") as answer:
        ana, *_ = (await answer.json())["personas"]
    assert ana["chats"][0]["last"] == "[acme-2026-11-eur.csv] Acme"
    again = await bot.send_document(ANA, sent.document.file_id)
    assert again.document == sent.document
    with pytest.raises(BadRequest, match="There is no text in the message to edit"):
        await bot.edit_message_text("x", ANA, sent.message_id)


async def test_a_document_is_refused_as_telegram_refuses_it(play: Playground, bot: Bot) -> None:
    for content, caption, why in (
        (b"", "", "File must be non-empty"),
        (CSV, "x" * 1025, "Message caption is too long"),
        (CSV, "<b>", 'can\'t find end tag corresponding to start tag "b"'),
    ):
        with pytest.raises(BadRequest, match=why):
            await bot.send_document(ANA, InputFile(content), caption=caption, parse_mode="HTML")
    with pytest.raises(NetworkError, match="Request Entity Too Large"):
        await bot.send_document(ANA, InputFile(bytes(MAX_BODY_BYTES + 1)))
    nothing = await play.bot("sendDocument", chat_id=ANA)
    assert nothing["description"] == "Bad Request: there is no document in the request"
    for document, code in (("https://a.bc/x.csv", 501), ("attach://x", 400), ("file_99", 400)):
        refused = await play.bot("sendDocument", chat_id=ANA, document=document)
        assert refused["error_code"] == code
    assert refused["description"] == "Bad Request: wrong file identifier/HTTP URL specified"
    assert len((await play.chat("ana"))["messages"]) == 1


@needs_chromium
async def test_the_page_shows_a_document_by_its_name_whatever_that_is(
    play: Playground, bot: Bot, page: Page
) -> None:
    name = "<img src=x onerror=alert(1)>.csv"
    await bot.send_document(ANA, InputFile(CSV, filename=name), caption="Opening: 0")
    await page.goto(play.url)
    message = page.locator(".message:not(.outgoing)")
    await expect(message).to_contain_text("Opening: 0")
    async with page.expect_download() as begun:
        await message.get_by_role("link", name=name).click()
    saved = await (await begun.value).path()
    assert saved.read_bytes() == CSV
