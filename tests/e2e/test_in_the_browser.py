"""The newcomer's first five minutes, by hand: the chat page, the hosted page, and back."""

import os
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Locator, Page, expect

from tests.chromium import needs_chromium, one_loop
from tests.e2e.system import System, running_system, short_folder

pytestmark = [needs_chromium, one_loop]
folder = pytest.fixture(short_folder)
PICTURES = os.environ.get("PURSEBOT_PICTURES")  # a folder: the pictures of the README


@pytest_asyncio.fixture(loop_scope="module")
async def system(folder: Path) -> AsyncIterator[System]:
    async with running_system(folder) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def page(system: System, page: Page) -> Page:
    await page.goto(system.ports.sandbox_url)
    return page


async def send(page: Page, text: str) -> None:
    await page.get_by_label("Message", exact=True).fill(text)
    await page.keyboard.press("Enter")


def bots(page: Page, text: str | re.Pattern[str]) -> Locator:
    """The bot's messages that say `text`."""
    return page.locator(".message:not(.outgoing)").filter(has_text=text)


async def hosted_page(page: Page) -> Page:
    """What opens when the link in the chat is pressed."""
    link = bots(page, "Pay here").last.get_by_role("link").first
    async with page.context.expect_page() as opened:
        await link.click()
    return await opened.value


async def picture(page: Page, name: str) -> None:
    if PICTURES:
        await page.screenshot(path=f"{PICTURES}/{name}.png", animations="disabled")


async def test_the_whole_loop_by_hand(page: Page) -> None:
    await send(page, "/start")
    await expect(bots(page, "Hello, Ana")).to_be_visible()
    await send(page, "/topup 50")
    hosted = await hosted_page(page)
    await expect(hosted.locator("#amount")).to_have_text("€50.00")
    await hosted.get_by_role("button", name="Is declined").click()
    await expect(hosted.get_by_role("status")).to_contain_text("declined")
    await expect(bots(page, re.compile("declined", re.I))).to_be_visible()
    await picture(hosted, "pay")
    await hosted.get_by_role("button", name="4242 4242 4242 4242").click()
    await expect(hosted.get_by_role("heading", name="Paid")).to_be_visible()
    await hosted.wait_for_url("**/return")
    await expect(hosted.get_by_text("You can go back to Telegram")).to_be_visible()
    await expect(bots(page, "New balance: €50.00")).to_be_visible()
    await expect(bots(page, "Pay here")).to_have_count(0)  # the same message changed in place
    await send(page, "/balance")
    await expect(bots(page, re.compile(r"^Acme.*Balance: €50\.00", re.S))).to_be_visible()
    await picture(page, "chat")
    await page.get_by_role("button", name="Receipt").click()
    await expect(bots(page, "Paid by Ana on")).to_be_visible()


async def test_presets_own_amount_cancel_and_a_new_link(page: Page) -> None:
    await send(page, "/topup")
    await page.get_by_role("button", name=re.compile("€25")).click()
    await expect(bots(page, "Add €25.00 to Acme")).to_be_visible()
    await page.get_by_role("button", name="Cancel").last.click()
    await expect(bots(page, re.compile("cancel", re.I)).last).to_be_visible()
    await page.get_by_role("button", name="New link").click()
    await expect(bots(page, "Add €25.00 to Acme").last).to_be_visible()
    await send(page, "/topup")
    await page.get_by_role("button", name="Other amount").last.click()
    await send(page, "1.000")
    await expect(bots(page, "That could mean €1,000.00 or €1.00.")).to_be_visible()
    await send(page, "12,50")
    await expect(bots(page, "Add €12.50 to Acme")).to_be_visible()


async def test_3d_secure_and_a_slow_bank(page: Page) -> None:
    await send(page, "/topup 20")
    hosted = await hosted_page(page)
    await hosted.get_by_role("button", name=re.compile("3-D Secure")).click()
    await hosted.get_by_role("button", name="Complete authentication").click()
    await expect(bots(page, "New balance: €20.00")).to_be_visible()
    await send(page, "/topup 30")
    slow = await hosted_page(page)
    await slow.get_by_role("button", name=re.compile("delayed|days|later", re.I)).first.click()
    await expect(bots(page, re.compile("bank", re.I)).last).to_be_visible()
    await expect(bots(page, "New balance: €50.00")).to_be_visible()


async def test_an_invitation_is_opened_by_somebody_else_who_is_a_member_at_once(page: Page) -> None:
    eve = page.locator("[data-user=eve]")
    await expect(eve).to_contain_text("In no organization")
    await send(page, "/invite member 1 1d")
    await bots(page, "Join Acme").get_by_role("link").first.click()
    bar = page.get_by_label("Starting the bot")
    await bar.get_by_role("button", name="Eve").click()
    await bar.get_by_role("button", name="START").click()
    await expect(bots(page, "Acme").first).to_be_visible()
    await expect(eve).to_contain_text("Member of Acme")
