"""The page of recorded calls in a real Chromium."""

import json
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio
from aiohttp import ClientSession
from playwright.async_api import Page, expect

from tests.chromium import needs_chromium, one_loop
from tests.sandbox.test_recorded_calls import BOT, STRIPE, recording

HOSTILE = "<img src=x onerror=alert(1)>"

pytestmark = [needs_chromium, one_loop]


@pytest_asyncio.fixture(loop_scope="module")
async def http(tmp_path: Path) -> AsyncIterator[ClientSession]:
    async with recording(tmp_path) as session:
        yield session


async def test_calls_are_read_searched_and_filtered_the_newest_first(
    http: ClientSession, page: Page
) -> None:
    await http.post("/telegram/send", json={"user": "ana", "text": "/start"})
    keyboard = {"inline_keyboard": [[{"text": "Pay", "callback_data": "pay"}]]}
    form = {"chat_id": "1001", "text": HOSTILE, "reply_markup": json.dumps(keyboard)}
    await http.post(f"{BOT}/sendMessage", data=form)
    await http.get("/v1/checkout/sessions/cs_test_none", headers=STRIPE)
    async with http.get("/") as answer:
        assert 'href="/calls"' in await answer.text()
        assert 'href="/events"' in await answer.text()
        await page.goto(f"{answer.url}calls")
    records = page.locator(".record")
    await expect(records).to_have_count(2)
    await expect(records.first).to_contain_text("GET /v1/checkout/sessions/cs_test_none")
    await expect(records.first.locator(".state")).to_have_text("404")
    await records.last.locator("summary").press("Enter")
    body = records.last.get_by_label("Body")
    await expect(body).to_contain_text(re.compile(r'"reply_markup": \{\s+"inline_keyboard"'))
    await expect(body).to_contain_text(HOSTILE)
    assert await page.locator("img").count() == 0
    await http.get(f"{BOT}/getMe")
    await expect(records).to_have_count(3)
    await expect(body).to_be_visible()  # what was open stays open
    await page.keyboard.press("/")
    await page.keyboard.type("onerror")
    await expect(records).to_have_count(1)
    await expect(page.locator("#count")).to_have_text("1 of 3")
    await page.keyboard.press("Escape")
    await expect(records).to_have_count(3)
    await page.get_by_label("Service").select_option("stripe")
    await expect(records).to_have_count(1)
    assert await page.evaluate("document.documentElement.scrollWidth") <= 390
