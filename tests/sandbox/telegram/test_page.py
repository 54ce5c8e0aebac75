"""The chat page in a real Chromium: what a person sees and does there."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio
from playwright.async_api import Page, expect

from sandbox.personas import GROUP
from tests.chromium import needs_chromium, one_loop
from tests.sandbox.telegram.playground import Playground, local_telegram

ANA = 1001

pytestmark = [needs_chromium, one_loop]


@pytest_asyncio.fixture(loop_scope="module")
async def play(tmp_path: Path) -> AsyncIterator[Playground]:
    async with local_telegram(tmp_path) as playground:
        yield playground


@pytest_asyncio.fixture(loop_scope="module")
async def page(play: Playground, page: Page) -> Page:
    await page.goto(play.url)
    return page


async def test_a_person_writes_and_the_bots_message_changes_in_place(
    play: Playground, page: Page
) -> None:
    await page.get_by_role("button", name="/topup 50").click()
    await page.get_by_label("Message", exact=True).press("Enter")
    await expect(page.locator(".message.outgoing")).to_contain_text("/topup 50")
    (update,) = await play.updates(timeout=5)
    assert update["message"]["text"] == "/topup 50"

    pay = {"text": "Pay", "url": "https://pay.example.com/1"}
    check = {"text": "Check again", "callback_data": "check"}
    sent = await play.bot(
        "sendMessage",
        chat_id=ANA,
        text='<b>Pay</b> &lt;img src=x onerror="alert(1)"&gt; at http://127.0.0.1:8090/pay/1.',
        parse_mode="HTML",
        reply_markup={"inline_keyboard": [[pay, check]]},
    )
    message = page.locator(".message:not(.outgoing)")
    await expect(message.locator("strong")).to_have_text("Pay")
    await expect(message).to_contain_text('<img src=x onerror="alert(1)">')
    await expect(message.get_by_role("link", name="127.0.0.1")).to_have_attribute(
        "href", "http://127.0.0.1:8090/pay/1"
    )
    await expect(message.get_by_role("link", name="Pay", exact=True)).to_have_attribute(
        "target", "_blank"
    )

    await message.get_by_role("button", name="Check again").click()
    query = (await play.updates(offset=update["update_id"] + 1, timeout=5))[0]["callback_query"]
    await play.bot(
        "answerCallbackQuery", callback_query_id=query["id"], text="Not yet", show_alert=True
    )
    await expect(page.get_by_role("dialog")).to_contain_text("Not yet")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("dialog")).to_be_hidden()

    message_id = sent["result"]["message_id"]
    await play.bot("editMessageText", chat_id=ANA, message_id=message_id, text="Paid")
    await expect(message.locator(".bubble")).to_contain_text("Paid")
    await expect(message.locator(".edited")).to_be_visible()
    await expect(message).to_have_count(1)
    await play.bot("sendMessage", chat_id=ANA, text="Hush", disable_notification=True)
    await expect(page.locator(".silent")).to_have_text("no sound")
    await expect(message.locator(".key")).to_have_count(0)


async def test_the_menu_lists_the_commands_and_sends_one(play: Playground, page: Page) -> None:
    listed = [{"command": "balance", "description": "How much there is"}]
    await play.bot("setMyCommands", commands=listed)
    await page.get_by_role("button", name="Menu").click()
    await page.get_by_role("button", name="/balance How much there is").press("Enter")
    await expect(page.locator(".message.outgoing")).to_contain_text("/balance")


async def test_others_chats_are_others_and_announce_themselves(
    play: Playground, page: Page
) -> None:
    await expect(page.locator(".persona")).to_have_count(4)
    await expect(page.locator("#playing")).to_have_text("Ana")
    await play.write("ben", "only Ben sees this")
    ben = page.get_by_role("button", name="Ben")
    await expect(ben.locator(".unread")).to_be_visible()
    await expect(page.locator(".message")).to_have_count(0)
    await ben.click()
    await expect(page.locator(".message")).to_contain_text("only Ben sees this")
    await expect(page.locator(".unread")).to_have_count(0)


async def test_a_group_is_a_chat_of_everybodys_that_the_bot_is_added_to(
    play: Playground, page: Page
) -> None:
    await page.get_by_role("button", name=GROUP).click()
    await page.get_by_role("button", name="Add the bot").click()
    await expect(page.get_by_role("button", name="Remove the bot")).to_be_visible()
    (update,) = await play.updates(timeout=5)
    assert update["my_chat_member"]["new_chat_member"]["status"] == "member"
    await play.write("eve", "hello all", GROUP)
    message = page.locator(".message")
    await expect(message).to_contain_text("Evehello all")
    await expect(page.locator(".outgoing")).to_have_count(0)
    await page.get_by_role("button", name="Another bot writes").click()
    await expect(message.last).to_contain_text("Another bot")
    await page.get_by_role("button", name="Private", exact=True).click()
    await expect(message).to_have_count(0)
    await expect(page.get_by_role("button", name="Another bot writes")).to_be_hidden()


async def test_a_link_of_telegrams_opens_here_starts_the_bot_and_never_leaves_the_machine(
    play: Playground, page: Page
) -> None:
    outside: list[str] = []
    page.context.on(
        "request", lambda it: None if it.url.startswith(play.url) else outside.append(it.url)
    )
    await play.write("ana", "hi")
    bot = "t.me/pursebot_sandbox_bot"
    private = {"text": "Continue in private", "url": f"https://{bot}"}
    text = f"Join: https://{bot}?start=invite_x, or {bot}?startgroup=g1, or https://t.me/+AbC"
    await play.bot(
        "sendMessage", chat_id=ANA, text=text, reply_markup={"inline_keyboard": [[private]]}
    )
    links = page.locator(".message a")
    await expect(links).to_have_count(4)
    hrefs = await links.evaluate_all("links => links.map((link) => link.href)")
    assert [href for href in hrefs if not href.startswith(f"{play.url}/t.me/")] == []
    await links.nth(2).click()
    await expect(page.get_by_role("dialog")).to_contain_text("t.me/+AbC is not in the sandbox")
    await page.keyboard.press("Enter")

    start = page.get_by_role("button", name="START", exact=True)
    await links.first.click()
    await expect(page.locator("#start")).to_contain_text("starts the bot with invite_x")
    await page.get_by_label("Starting the bot").get_by_role("button", name="Eve").click()
    await expect(page.locator("#playing")).to_have_text("Eve")
    await start.press("Enter")
    await expect(page.locator(".message.outgoing")).to_have_text(re.compile(r"^/start\d"))
    await expect(page.locator("#start")).to_be_hidden()
    await page.goto(f"{play.url}/{bot}?startgroup=g1")
    await page.get_by_role("button", name="ADD AND START").click()
    await expect(page.locator(".message.outgoing")).to_contain_text("/start@pursebot_sandbox_bot")
    messages = [update["message"] for update in await play.updates() if "message" in update]
    texts = [(each["from"]["first_name"], each["text"]) for each in messages]
    assert texts == [
        ("Ana", "hi"),
        ("Eve", "/start invite_x"),
        ("Ana", "/start@pursebot_sandbox_bot g1"),
    ]
    await page.get_by_role("button", name="Private", exact=True).click()
    await links.last.click()
    await expect(page.locator("#start")).to_be_hidden()
    assert outside == []
    assert len(page.context.pages) == 1


async def test_the_page_says_why_nothing_arrives_and_what_helps(
    play: Playground, page: Page
) -> None:
    bar = page.get_by_label("Starting the bot")
    await play.bot("sendMessage", chat_id=ANA, text="first")
    ana = page.locator("[data-user=ana]")
    await expect(ana).to_contain_text("not started")
    await expect(bar).to_contain_text("A bot cannot write to somebody first")
    await expect(bar).to_contain_text("it has tried once")
    await bar.get_by_role("button", name="START").click()
    await expect(bar).to_be_hidden()
    await expect(ana).not_to_contain_text("not started")
    await page.get_by_role("button", name="Block the bot").click()
    await expect(bar).to_contain_text("Ana has blocked the bot")
    await expect(ana).to_contain_text("bot blocked")
    await bar.get_by_role("button", name="UNBLOCK").click()
    await expect(bar).to_be_hidden()
    await expect(page.get_by_role("button", name="Block the bot")).to_be_visible()
    kinds = [kind for update in await play.updates() for kind in update if kind != "update_id"]
    assert kinds == ["message", "my_chat_member", "my_chat_member"]
