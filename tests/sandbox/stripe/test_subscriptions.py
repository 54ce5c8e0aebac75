"""Subscriptions at the local Stripe: how they begin, renew and end, and what invoices show."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import stripe
from playwright.async_api import Page, expect

from tests.chromium import needs_chromium, one_loop
from tests.sandbox.stripe.playground import SUCCEEDS, Json, Playground, customer, local_stripe

DECLINES, THREE_D_SECURE = "4000000000000002", "4000002500003155"
PRICE = {"currency": "eur", "unit_amount": 5000, "recurring": {"interval": "month"}}

pytestmark = one_loop


@pytest_asyncio.fixture(loop_scope="module")
async def play(tmp_path: Path) -> AsyncIterator[Playground]:
    async with local_stripe(tmp_path) as playground:
        yield playground


async def attached(play: Playground, who: str, name: str) -> str:
    return (await play.sdk.v1.payment_methods.attach_async(name, {"customer": who})).id


async def subscribed(play: Playground, who: str, method: str, product: str = "") -> Json:
    """EUR 50 a month from a saved card."""
    product = product or (await play.sdk.v1.products.create_async({"name": "Acme"})).id
    parameters: Any = {
        "customer": who, "default_payment_method": method, "payment_behavior": "allow_incomplete",
        "items": [{"price_data": PRICE | {"product": product}}], "metadata": {"of": "us"},
    }  # fmt: skip
    return (await play.sdk.v1.subscriptions.create_async(parameters)).to_dict()


async def page_of(play: Playground, who: str | None) -> str:
    """Where a subscription of EUR 50 a month begins."""
    line = {"quantity": 1, "price_data": PRICE | {"product_data": {"name": "Acme"}}}
    about: Any = {"mode": "subscription", "customer": who, "payment_intent_data": None}
    return (await play.session(line_items=[line], **about)).id


async def test_a_removed_card_pays_no_renewal_and_the_customers_default_does(
    play: Playground,
) -> None:
    who = await customer(play)
    card, other = [await attached(play, who, f"pm_card_{name}") for name in ("visa", "mastercard")]
    made = await subscribed(play, who, card)
    assert (made["status"], made["default_payment_method"]) == ("active", card)
    parameters: Any = {"invoice_settings": {"default_payment_method": other}}
    await play.sdk.v1.customers.update_async(who, parameters)
    await play.sdk.v1.payment_methods.detach_async(card)
    await play.post("clock", days=31)
    assert [invoice["status"] for invoice in play.stored("invoice")] == ["paid", "paid"]
    assert [charge["payment_method"] for charge in play.stored("charge")] == [card, other]
    await play.sdk.v1.payment_methods.detach_async(other)
    await play.post("clock", days=31)
    assert len(play.stored("charge")) == 2
    unpaid = play.stored("invoice")[-1]
    assert (unpaid["status"], unpaid["attempted"]) == ("open", True)
    assert play.stored("subscription")[-1]["status"] == "past_due"
    assert "invoice.payment_failed" in [event["type"] for event in play.stored("event")][-2:]
    await play.pay(unpaid["hosted_invoice_url"].rpartition("/")[2])
    assert play.stored("subscription")[-1]["status"] == "active"


async def test_what_pays_on_the_page_is_saved_and_pays_the_renewals(play: Playground) -> None:
    who = await customer(play)
    await play.pay(await page_of(play, who), "5555 5555 5555 4444")
    [saved] = play.stored("payment_method")
    [made] = play.stored("subscription")
    assert (saved["customer"], saved["card"]["brand"]) == (who, "mastercard")
    assert made["default_payment_method"] == saved["id"]
    await play.post("clock", days=31)
    await play.sdk.v1.payment_methods.detach_async(saved["id"])
    await play.post("clock", days=31)
    states = [invoice["status"] for invoice in play.stored("invoice")]
    assert states == ["paid", "paid", "open"]


async def test_what_a_pause_made_void_cannot_be_paid(play: Playground) -> None:
    who = await customer(play)
    made = await subscribed(play, who, await attached(play, who, "pm_card_visa"))
    parameters: Any = {
        "pause_collection": {"behavior": "void"},
        "expand": ["latest_invoice.payments"],
    }
    await play.sdk.v1.subscriptions.update_async(made["id"], parameters)
    await play.post("clock", days=31)
    void = play.stored("invoice")[-1]
    assert void["status"] == "void"
    await play.pay(void["hosted_invoice_url"].rpartition("/")[2], status=409)


async def test_what_is_not_there_is_no_product_of_a_subscription(play: Playground) -> None:
    who = await customer(play)
    card = await attached(play, who, "pm_card_visa")
    made = await subscribed(play, who, card)
    item = {"id": made["items"]["data"][0]["id"], "price_data": PRICE | {"product": "prod_none"}}
    parameters: Any = {"items": [item], "expand": ["latest_invoice.payments"]}
    with pytest.raises(stripe.InvalidRequestError, match="prod_none"):
        await play.sdk.v1.subscriptions.update_async(made["id"], parameters)
    with pytest.raises(stripe.InvalidRequestError, match="prod_none"):
        await subscribed(play, who, card, "prod_none")
    assert len(play.stored("invoice")) == 1


async def test_a_declined_first_payment_on_the_page_leaves_no_invoice(play: Playground) -> None:
    # https://docs.stripe.com/changelog/basil/2025-03-31/checkout-legacy-subscription-upgrade
    who = await customer(play)
    page = await page_of(play, who)
    declined = await play.pay(page, DECLINES)
    assert (declined["status"], declined["decline_code"]) == ("open", "generic_decline")
    tried = await play.pay(page, THREE_D_SECURE)
    assert tried["next"] == "authenticate"
    assert play.stored("subscription") == play.stored("invoice") == []
    await play.pay(page, THREE_D_SECURE, authenticate=True)
    [invoice], [subscription] = play.stored("invoice"), play.stored("subscription")
    assert (invoice["status"], subscription["status"]) == ("paid", "active")
    [intent] = play.stored("payment_intent")  # one for all tries
    [paid_by] = play.stored("invoice_payment")
    assert paid_by["payment"]["payment_intent"] == intent["id"]
    types = [each["type"] for each in play.stored("event")]
    assert types.index("payment_intent.succeeded") < types.index("customer.subscription.created")
    assert play.judged() == []


async def test_a_declined_saved_card_leaves_an_open_invoice_that_is_void_after_a_day(
    play: Playground,
) -> None:
    # `allow_incomplete`: https://docs.stripe.com/api/subscriptions/create
    who = await customer(play)
    made = await subscribed(play, who, await attached(play, who, "pm_card_chargeCustomerFail"))
    [invoice] = play.stored("invoice")
    assert (made["status"], invoice["status"]) == ("incomplete", "open")
    await play.post("clock", days=1)
    [invoice], [expired] = play.stored("invoice"), play.stored("subscription")
    assert (expired["status"], invoice["status"]) == ("incomplete_expired", "void")
    assert play.judged() == []


async def test_the_bank_is_asked_for_a_saved_card_only_while_its_payer_is_present(
    play: Playground,
) -> None:
    # 4000 0025 0000 3155, once it is set up: https://docs.stripe.com/testing#regulatory-cards
    who = await customer(play)
    card = await attached(play, who, "pm_card_authenticationRequiredOnSetup")
    made = await subscribed(play, who, card)
    [invoice] = play.stored("invoice")
    [intent] = play.stored("payment_intent")
    assert (made["status"], intent["status"]) == ("incomplete", "requires_action")
    page = invoice["hosted_invoice_url"].rpartition("/")[2]
    await play.pay(page, THREE_D_SECURE, authenticate=True)
    await play.post("clock", days=31)
    assert [each["status"] for each in play.stored("invoice")] == ["paid", "paid"]
    parameters: Any = {
        "amount": 5000, "currency": "eur", "customer": who, "payment_method": card,
        "confirm": True, "return_url": "https://example.com",
        "automatic_payment_methods": {"enabled": True},
    }  # fmt: skip
    charged = await play.sdk.v1.payment_intents.create_async(parameters)
    assert charged.status == "requires_action"


async def test_what_begins_on_the_31st_renews_on_the_last_day_of_each_month(
    play: Playground,
) -> None:
    who = await customer(play)
    card = await attached(play, who, "pm_card_visa")
    today = datetime.now(UTC)
    later = next(day for n in range(1, 63) if (day := today + timedelta(n)).day == 31)
    await play.post("clock", days=(later.date() - today.date()).days)
    await subscribed(play, who, card)
    await play.post("clock", days=92)
    [made] = play.stored("subscription")
    periods = [each["lines"]["data"][0]["period"]["start"] for each in play.stored("invoice")]
    days = [datetime.fromtimestamp(start, UTC).date() for start in periods]
    assert days[0].day == 31
    assert all((day + timedelta(1)).day == 1 for day in days)
    assert len(days) == 4
    anchor = datetime.fromtimestamp(made["billing_cycle_anchor"], UTC).date()
    assert anchor == days[0]


@pytest.mark.parametrize("flexible", [True, False])
async def test_what_is_to_end_with_its_period_charges_nothing_more_unless_that_is_taken_back(
    play: Playground, flexible: bool
) -> None:
    who = await customer(play)
    made = await subscribed(play, who, await attached(play, who, "pm_card_visa"))
    portal = await play.sdk.v1.billing_portal.sessions.create_async(
        {"customer": who, "return_url": "https://example.com"}
    )

    async def set_end(ends: bool) -> Json:
        if flexible:
            act = "end" if ends else "keep"
            await play.post(f"portal/{portal.id}/{act}", subscription=made["id"])
        else:
            parameters: Any = {"cancel_at_period_end": ends}
            await play.sdk.v1.subscriptions.update_async(made["id"], parameters)
        return play.stored("subscription")[0]

    ending = await set_end(True)
    period_end = ending["items"]["data"][0]["current_period_end"]
    assert (ending["cancel_at"], ending["cancel_at_period_end"]) == (period_end, not flexible)
    assert (await set_end(False))["cancel_at"] is None
    await play.post("clock", days=31)
    await set_end(True)
    await play.post("clock", days=62)
    [ended] = play.stored("subscription")
    assert (ended["status"], ended["ended_at"]) == ("canceled", ended["cancel_at"])
    assert len(play.stored("invoice")) == 2
    assert play.stored("event")[-1]["type"] == "customer.subscription.deleted"
    assert play.judged() == []


@needs_chromium
async def test_a_subscription_is_ended_and_kept_in_the_portal(play: Playground, page: Page) -> None:
    who = await customer(play)
    await subscribed(play, who, await attached(play, who, "pm_card_visa"))
    portal = await play.sdk.v1.billing_portal.sessions.create_async(
        {"customer": who, "return_url": "https://example.com"}
    )
    await page.goto(portal.url)
    row = page.locator("#subscriptions p")
    await row.get_by_role("button", name="End it with this period").click()
    await expect(row).to_contain_text("ends on")
    await row.get_by_role("button", name="Do not end it").click()
    await expect(row).to_contain_text("next on")


@needs_chromium
async def test_pages_of_subscriptions_say_what_for_how_often_and_offer_what_pays(
    play: Playground, page: Page
) -> None:
    who = await customer(play)
    await subscribed(play, who, await attached(play, who, "pm_card_chargeCustomerFail"))
    [invoice] = play.stored("invoice")
    for url in (f"{play.url}/pay/{await page_of(play, who)}", invoice["hosted_invoice_url"]):
        await page.goto(url)
        await expect(page.locator("#what")).to_have_text("Acme")
        await expect(page.locator("#amount")).to_have_text("€50.00 per month")
        await expect(page.locator(".brand.visa").first).to_have_text("VISA")
        assert await page.locator(".brand.bank").count() == 0
    await play.pay(url.rpartition("/")[2], "delayed_success", status=409)
    await page.get_by_role("button", name=SUCCEEDS).click()
    await expect(page.get_by_role("heading", name="Paid")).to_be_visible()
    await days_go_by(play, page)


async def days_go_by(play: Playground, page: Page) -> None:
    """The console's clock says which day it is, and moves."""
    before = (await play.post("clock", days=0))["now"]
    await page.goto(f"{play.url}/console")
    await expect(page.locator("#today")).to_contain_text("20")
    today = await page.locator("#today").text_content()
    await page.get_by_role("button", name="A month goes by").click()
    await expect(page.locator("#today")).not_to_have_text(str(today))
    assert (await play.post("clock", days=0))["now"] - before >= 30 * 86_400
    assert len(play.stored("invoice")) == 2
