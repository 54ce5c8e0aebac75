"""Cards at the local Stripe: saved on a page or by name, made the default, let go, reissued."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import stripe
from playwright.async_api import Page, expect

from tests.chromium import needs_chromium, one_loop
from tests.sandbox.stripe.playground import (
    IS_DECLINED,
    NEEDS_3D_SECURE,
    SUCCEEDS,
    Json,
    Playground,
    customer,
    local_stripe,
)

pytestmark = one_loop


@pytest_asyncio.fixture(loop_scope="module")
async def play(tmp_path: Path) -> AsyncIterator[Playground]:
    async with local_stripe(tmp_path) as playground:
        yield playground


async def setup(play: Playground, who: str) -> str:
    """A page to save a card on, as our backend asks for it."""
    about: Any = {"metadata": {"link": "1"}}
    text: Any = {"submit": {"message": "Every owner and admin can charge it."}}
    session = await play.session(
        mode="setup", customer=who, currency="eur", setup_intent_data=about, custom_text=text,
        line_items=None, payment_intent_data=None,
    )  # fmt: skip
    return session.id


async def methods(play: Playground, who: str) -> list[Json]:
    collected = await play.sdk.v1.customers.payment_methods.list_async(who, {"limit": 100})
    return [method.to_dict() for method in collected.data]


async def test_a_card_is_declined_asks_and_is_saved_on_the_page(play: Playground) -> None:
    who = await customer(play)
    page = await setup(play, who)
    assert (await play.pay(page, IS_DECLINED))["decline_code"] == "generic_decline"
    assert (await play.pay(page, NEEDS_3D_SECURE))["next"] == "authenticate"
    assert (await play.pay(page, NEEDS_3D_SECURE, authenticate=False))["status"] == "open"
    done = await play.pay(page, NEEDS_3D_SECURE, authenticate=True)
    assert (done["status"], done["payment_status"]) == ("complete", "no_payment_required")
    [saved] = await methods(play, who)
    assert (saved["card"]["last4"], saved["allow_redisplay"]) == ("3155", "limited")
    collected = await play.sdk.v1.checkout.sessions.retrieve_async(
        page, {"expand": ["setup_intent"]}
    )
    assert isinstance(collected.setup_intent, stripe.SetupIntent)
    assert collected.setup_intent.metadata is not None
    assert collected.setup_intent.metadata.to_dict() == {"link": "1"}
    assert collected.setup_intent.payment_method == saved["id"]
    assert sorted(await play.backend.got(8)) == [
        "checkout.session.completed", "customer.created", "payment_method.attached",
        "setup_intent.created", "setup_intent.requires_action", "setup_intent.setup_failed",
        "setup_intent.setup_failed", "setup_intent.succeeded",
    ]  # fmt: skip
    await play.pay(page, SUCCEEDS, status=409)
    await play.pay(await setup(play, who), "delayed_success", status=409)


async def test_ideal_saves_the_debit_that_its_attempt_names(play: Playground) -> None:
    who = await customer(play)
    page = await setup(play, who)
    assert (await play.pay(page, "ideal"))["status"] == "complete"
    [debit] = await methods(play, who)
    assert (debit["type"], debit["sepa_debit"]["last4"]) == ("sepa_debit", "3000")
    collected = await play.sdk.v1.checkout.sessions.retrieve_async(
        page, {"expand": ["setup_intent.latest_attempt"]}
    )
    intent = collected.to_dict()["setup_intent"]
    attempt = intent["latest_attempt"]
    assert attempt["payment_method_details"]["ideal"]["generated_sepa_debit"] == debit["id"]
    assert debit["sepa_debit"]["generated_from"]["setup_attempt"] == attempt["id"]
    used = await play.sdk.v1.payment_methods.retrieve_async(intent["payment_method"])
    assert (used.type, used.customer) == ("ideal", None)
    expiry: Any = {"card": {"exp_month": 1, "exp_year": 2040}}
    with pytest.raises(stripe.InvalidRequestError):
        await play.sdk.v1.payment_methods.update_async(debit["id"], expiry)
    payment = await play.session(customer=who)
    await play.pay(payment.id, "ideal", status=409)


async def test_test_methods_are_attached_by_name_made_default_and_detached(
    play: Playground,
) -> None:
    api, who, other = play.sdk.v1, await customer(play), await customer(play)
    visa = await api.payment_methods.attach_async("pm_card_visa", {"customer": who})
    again = await api.payment_methods.attach_async("pm_card_visa", {"customer": who})
    amex = await api.payment_methods.attach_async("pm_card_amex", {"customer": who})
    assert visa.card
    assert again.card
    assert amex.card
    assert visa.card.fingerprint == again.card.fingerprint != amex.card.fingerprint
    with pytest.raises(stripe.CardError) as declined:
        await api.payment_methods.attach_async("pm_card_visa_chargeDeclined", {"customer": who})
    assert declined.value.code == "card_declined"
    with pytest.raises(stripe.InvalidRequestError):
        await api.payment_methods.attach_async(visa.id, {"customer": other})
    parameters: Any = {"invoice_settings": {"default_payment_method": amex.id}}
    await api.customers.update_async(who, parameters)
    with pytest.raises(stripe.InvalidRequestError):
        await api.customers.update_async(other, parameters)
    await api.payment_methods.update_async(visa.id, {"allow_redisplay": "always"})
    await api.payment_methods.detach_async(amex.id)
    settings = (await api.customers.retrieve_async(who)).invoice_settings
    assert settings
    assert settings.default_payment_method is None
    assert {m["id"] for m in await methods(play, who)} == {visa.id, again.id}


async def test_a_bank_may_renew_a_card(play: Playground) -> None:
    made = await play.sdk.v1.payment_methods.attach_async(
        "pm_card_visa", {"customer": await customer(play)}
    )
    await play.post(f"cards/{made.id}/reissue", exp_month=2, exp_year=2041)
    result = await play.sdk.v1.payment_methods.retrieve_async(made.id)
    assert result.card
    assert (result.card.exp_month, result.card.exp_year) == (2, 2041)
    assert (await play.backend.got(3))[-1] == "payment_method.automatically_updated"


@needs_chromium
async def test_cards_are_changed_in_the_portal_and_reissued_in_the_console(
    play: Playground, page: Page
) -> None:
    who = await customer(play)
    for name in ("pm_card_visa", "pm_card_mastercard"):
        await play.sdk.v1.payment_methods.attach_async(name, {"customer": who})
    portal = await play.sdk.v1.billing_portal.sessions.create_async(
        {"customer": who, "return_url": f"{play.url}/console"}
    )
    await page.goto(portal.url)
    mastercard = page.locator("#cards p").filter(has_text="mastercard •••• 4444")
    await mastercard.get_by_role("button", name="Make default").click()
    await expect(mastercard).to_contain_text("default")
    await mastercard.get_by_role("button", name="Remove").click()
    await expect(page.locator("#cards p")).to_have_count(1)
    await page.get_by_role("link", name="Go back").click()
    await page.locator("#cards .row").get_by_role("button", name="Renew").click()
    await expect(page.locator("#deliveries")).to_contain_text("automatically_")
    assert len(await methods(play, who)) == 1
    await page.goto((await play.sdk.v1.checkout.sessions.retrieve_async(
        await setup(play, who))).url or "")  # fmt: skip
    await expect(page.locator("#what")).to_have_text("Save a card")
    await expect(page.get_by_text("Every owner and admin can charge it.")).to_be_visible()
    await expect(page.get_by_role("heading", name="Choose a test card")).to_be_visible()
    brands = await page.locator(".brand").all_text_contents()
    assert brands[:3] == ["VISA", "MC", "AMEX"]
    labels = await page.locator(".label").all_text_contents()
    assert brands.count("BANK") == 2
    assert labels[-2:] == ["iDEAL, leaves a debit", "Bancontact, leaves a debit"]
    await page.get_by_role("button", name="American Express").click()
    await expect(page.get_by_role("heading", name="Saved")).to_be_visible()
    await page.goto(f"{play.url}/console")
    await expect(page.locator("#sessions .row")).to_contain_text(["A card is added"])
