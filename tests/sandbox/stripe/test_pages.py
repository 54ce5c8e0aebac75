"""The hosted page and the console in a real Chromium."""

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from sandbox.stripe.faults import StripeFaults
from tests.chromium import needs_chromium, one_loop
from tests.sandbox.stripe.playground import Playground, local_stripe

HOSTILE = '<img src=x onerror="alert(1)"> & Söhne'

pytestmark = [needs_chromium, one_loop]


@pytest_asyncio.fixture(loop_scope="module")
async def play(tmp_path: Path) -> AsyncIterator[Playground]:
    async with local_stripe(tmp_path) as playground:
        yield playground


async def opened(
    play: Playground, page: Page, name: str = "Acme top-up", currency: str = "eur"
) -> str:
    price = {"currency": currency, "unit_amount": 123_400, "product_data": {"name": name}}
    session = await play.session(
        line_items=[{"quantity": 1, "price_data": price}],
        success_url=f"{play.url}/console?paid={{CHECKOUT_SESSION_ID}}",
        cancel_url=f"{play.url}/console?canceled",
    )
    await page.goto(session.url or "")
    return session.id


async def test_a_payer_is_declined_pays_and_is_sent_back(play: Playground, page: Page) -> None:
    session = await opened(play, page)
    await expect(page.locator(".sandbox")).to_contain_text("SANDBOX")
    await expect(page.locator("#amount")).to_have_text("€1,234.00")
    await expect(page.get_by_role("button", name="3782 822463 10005")).to_be_visible()
    await expect(page.locator("#until")).to_have_text(
        re.compile(r"open until .*\d\d:\d\d.* (UTC|GMT|[A-Z]{2,5})")
    )
    await page.get_by_role("button", name="Is declined").click()
    await expect(page.get_by_role("status")).to_contain_text("Your card was declined.")
    await page.get_by_role("button", name="4242 4242 4242 4242").click()
    await expect(page.get_by_role("heading", name="Paid")).to_be_visible()
    await page.wait_for_url(f"**/console?paid={session}")
    assert len(play.stored("payment_intent")) == 1


async def test_a_payer_saves_the_card_and_the_bank_asks_when_it_is_charged(
    play: Playground, page: Page
) -> None:
    who = (await play.sdk.v1.customers.create_async({"name": "Acme"})).id
    session = await play.session(
        customer=who,
        saved_payment_method_options={"payment_method_save": "enabled"},
        custom_text={"submit": {"message": "Every admin can charge it."}},
        success_url=f"{play.url}/console?paid",
    )
    await page.goto(session.url or "")
    await expect(page.locator("#told")).to_have_text("Every admin can charge it.")
    await page.get_by_label("Save this card").check()
    await page.get_by_role("button", name="Always asks the bank").click()
    await page.get_by_role("button", name="Complete authentication").click()
    await page.wait_for_url("**/console?paid")
    [card] = play.stored("payment_method")
    for answer, heading in (("Fail authentication", "Not paid"), ("Complete", "Paid")):
        parameters: Any = {
            "amount": 5000, "currency": "eur", "confirm": True, "customer": who,
            "payment_method": card["id"], "automatic_payment_methods": {"enabled": True},
            "return_url": f"{play.url}/console?back",
        }  # fmt: skip
        intent = await play.sdk.v1.payment_intents.create_async(parameters)
        await page.goto(f"{play.url}/pay/{intent.id}")
        await expect(page.locator("#amount")).to_have_text("€50.00")
        await page.get_by_role("button", name=answer).click()
        await expect(page.get_by_role("heading", name=heading)).to_be_visible()
        await page.wait_for_url("**/console?back")


@pytest.mark.parametrize(
    ("currency", "shown"), [("jpy", "JP¥123,400"), ("isk", "ISK 1,234"), ("kwd", "KWD 123.400")]
)
async def test_an_amount_has_the_decimals_of_its_currency(
    play: Playground, page: Page, currency: str, shown: str
) -> None:
    await opened(play, page, currency=currency)
    await expect(page.locator("#amount")).to_have_text(shown)


async def test_3d_secure_asks_on_the_page(play: Playground, page: Page) -> None:
    session = await opened(play, page)
    await page.get_by_role("button", name="Asks for 3-D Secure").click()
    await page.get_by_role("button", name="Fail authentication").click()
    await expect(page.get_by_role("status")).to_contain_text("failed authentication")
    await page.get_by_role("button", name="Asks for 3-D Secure").click()
    await page.get_by_role("button", name="Complete authentication").click()
    await page.wait_for_url(f"**/console?paid={session}")


async def test_a_name_is_shown_and_never_run(play: Playground, page: Page) -> None:
    await opened(play, page, HOSTILE)
    await expect(page.locator("#what")).to_have_text(HOSTILE)
    await page.goto(f"{play.url}/console")
    await expect(page.locator("#sessions .name")).to_contain_text(HOSTILE)
    assert await page.locator("img").count() == 0


async def test_cancel_goes_back_and_what_is_over_says_so(play: Playground, page: Page) -> None:
    session = await opened(play, page)
    await play.post(f"sessions/{session}/expire")
    await expect(page.get_by_role("heading", name="This link has expired")).to_be_visible()
    await page.get_by_role("link", name="Cancel and go back").click()
    await page.wait_for_url("**/console?canceled")
    done = await opened(play, page)
    await play.pay(done)
    await page.reload()
    await expect(page.get_by_role("link", name="Continue")).to_have_attribute(
        "href", re.compile(done)
    )
    refused = {"error": {"message": "This page takes cards only."}}
    await opened(play, page)
    await page.route("**/pay", lambda route: route.fulfill(status=409, json=refused))
    await page.get_by_role("button", name="Debit, succeeds later").click()
    await expect(page.get_by_role("status")).to_contain_text("This page takes cards only.")
    await page.goto(f"{play.url}/pay/cs_test_none")
    await expect(page.get_by_role("heading", name="There is no such payment")).to_be_visible()


async def test_the_console_shows_deliveries_and_delivers_again(
    play: Playground, page: Page
) -> None:
    session = await play.session()
    await page.goto(f"{play.url}/console")
    await page.locator("summary").click()
    await page.get_by_label("Post every event twice").check()
    await expect(page.locator("#how-many")).to_have_text("1 on")
    assert (await play.get("faults"))["twice"] is True
    await page.get_by_role("button", name="All well again").click()
    await expect(page.locator("#how-many")).to_have_text("nothing")
    await play.pay(session.id)
    rows = page.locator("#deliveries .row")
    await expect(rows).to_have_count(4)
    await expect(rows.first).to_contain_text("200")
    await rows.first.get_by_role("button", name="Twice").click()
    assert (await play.backend.got(6))[4:] == ["checkout.session.completed"] * 2
    await expect(rows.first.locator(".attempt")).to_have_count(3)


async def test_the_console_refunds_and_disputes_what_was_paid(play: Playground, page: Page) -> None:
    session = await play.session()
    await play.pay(session.id)
    await page.goto(f"{play.url}/console")
    rows = page.locator("#clawbacks .row")
    await rows.first.get_by_role("button", name="Refund, pending").click()
    await expect(rows).to_have_count(2)
    await rows.first.get_by_role("button", name="Fails").click()
    await expect(rows.first).to_contain_text("failed")
    await rows.last.get_by_role("button", name="Inquiry").click()
    await rows.first.get_by_role("button", name="Becomes a dispute").click()
    await rows.first.get_by_role("button", name="Win").click()
    await expect(rows.first).to_contain_text("won")
    assert "charge.dispute.funds_reinstated" in await play.backend.got(12)


# What is a table, and set by tests alone.
FAULTS_WITHOUT_FIELD = {"rates"}


async def test_the_console_has_a_field_for_each_fault(play: Playground, page: Page) -> None:
    await page.goto(f"{play.url}/console")
    await page.locator("summary").click()
    fields = page.locator(".fault input")
    await expect(fields.first).to_be_visible()
    ids: list[str] = await fields.evaluate_all("fields => fields.map((field) => field.id)")
    names = {id.removeprefix("fault-") for id in ids}
    assert names == set(StripeFaults.model_fields) - FAULTS_WITHOUT_FIELD
    await page.get_by_label("the key was replaced").check()
    await expect(page.locator("#how-many")).to_have_text("1 on")
    unreadable = page.get_by_label("answer 503 for these kinds")
    await unreadable.fill("dispute, refund")
    await unreadable.blur()
    await expect(page.locator("#how-many")).to_have_text("2 on")
    faults = await play.get("faults")
    assert (faults["key_rolled"], faults["unreadable"]) == (True, ["dispute", "refund"])


async def test_the_console_says_which_kinds_can_be_unreadable(play: Playground, page: Page) -> None:
    await page.goto(f"{play.url}/console")
    await page.locator("summary").click()
    async with page.expect_event("dialog") as dialog_seen:
        page.on("dialog", lambda dialog: dialog.dismiss())
        await page.get_by_label("answer 503 for these kinds").fill("disputes")
        await page.get_by_label("answer 503 for these kinds").blur()
    assert "the kinds are balance_transaction, charge" in (await dialog_seen.value).message
    assert (await play.get("faults"))["unreadable"] == []


@pytest.mark.parametrize("width", [1280, 390])
async def test_the_consoles_buttons_keep_their_distance_from_fields(
    play: Playground, page: Page, width: int
) -> None:
    await page.set_viewport_size({"width": width, "height": 900})
    await page.goto(f"{play.url}/console")
    if not await page.locator("#faults").is_visible():
        await page.locator("summary").click()
    await expect(page.locator(".fault").first).to_be_visible()
    fields, others, reset = [
        await page.locator(name).bounding_box() for name in ("#faults", "#others", "#reset")
    ]
    assert fields
    assert others
    assert reset
    assert others["y"] - (fields["y"] + fields["height"]) >= 8
    assert reset["y"] - (others["y"] + others["height"]) >= 8
    scroll_width = await page.evaluate("document.documentElement.scrollWidth")
    assert scroll_width <= width


async def test_events_show_payloads_attempts_and_what_the_backend_answered(
    play: Playground, page: Page
) -> None:
    await play.post("faults", fail_first=1)
    described = {"description": f"{HOSTILE} whsec_abcdef"}
    session = await play.session(payment_intent_data=described)
    await play.pay(session.id)
    await play.backend.got(4)
    await page.goto(f"{play.url}/console")
    await page.locator("#deliveries .row").first.get_by_role("link", name="Payload").click()
    record = page.locator(".record")
    await expect(record).to_have_count(1)
    await expect(record.locator("summary")).to_contain_text("checkout.session.completed")
    await expect(record.locator(".attempt-line").first).to_contain_text("lost on the way")
    await expect(record.locator(".attempt-line").last).to_contain_text("HTTP 200")
    payload = record.get_by_label("Payload, evt_")
    await expect(payload).to_contain_text(f'"id": "{session.id}"')
    search = page.get_by_label("Search")
    await search.fill("PAYMENT_INTENT.succeeded")
    await expect(record.locator("summary .name")).to_have_text(["payment_intent.succeeded"])
    await record.locator("summary").press("Enter")
    await expect(payload).to_contain_text('<img src=x onerror=\\"alert(1)\\"> & Söhne whsec_***"')
    await search.press("Escape")
    await expect(record).to_have_count(4)
    matching = (await play.get("events?search=S%C3%B6hne"))["events"]
    assert {each["type"] for each in matching} >= {"payment_intent.succeeded"}
    assert (await play.get("events?search=%20no%20such"))["events"] == []
    newest = await play.get("events?limit=1")
    assert (len(newest["events"]), newest["has_more"]) == (1, True)
    assert await page.evaluate("document.documentElement.scrollWidth") <= 390
