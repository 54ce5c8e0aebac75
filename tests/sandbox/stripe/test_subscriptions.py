"""Subscriptions at the local Stripe: which card pays a renewal, and what its invoices show."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import stripe
from playwright.async_api import Page, expect

from tests.chromium import needs_chromium, one_loop
from tests.sandbox.stripe.playground import SUCCEEDS, Json, Playground, customer, local_stripe

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
