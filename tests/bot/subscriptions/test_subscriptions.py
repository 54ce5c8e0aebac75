"""/recurring in the chat, over the real backend, the real database and the local Stripe."""

from typing import Any

import pytest

from backend.database.protocol import SERVICE
from bot.locales.texts import load_texts
from bot.subscriptions.screens import subscription_notification_screen, subscription_screen
from sandbox.telegram.text import plain_text
from tests.backend.conftest import System
from tests.backend.subscriptions.test_subscriptions import advance, has_balance, until
from tests.bot.conftest import Person, buttons
from tests.bot.fake_backend import notification, payment, subscription
from tests.bot.payment_methods.test_cards import Connection, ana, ben, save
from tests.bot.payments.test_charges import remove_all, saved

__all__ = ["ana", "ben"]

Json = dict[str, Any]


async def begin(system: System, ana: Person) -> Json:
    """EUR 25 each month, begun on Stripe's page; the message that shows it as active."""
    await ana.writes("/recurring")
    message = await ana.sees("Acme has no recurring top-ups.")
    await ana.taps(message, "New: every month")
    await ana.taps(await ana.sees("How much should be added to Acme every month?"), "€25.00")
    waiting = await ana.sees("It starts with the first payment")
    assert waiting["message_id"] == message["message_id"]
    await save(system, waiting)
    await ana.sees("€25.00 every month from now on")
    await ana.taps(waiting, "Check again")
    return await ana.sees("€25.00 every month, active")


async def test_it_begins_changes_pauses_and_ends_in_one_message(
    system: System, ana: Person
) -> None:
    message = await begin(system, ana)
    await ana.taps(message, "Pause")
    await ana.taps(await ana.sees("Nothing is charged while it is paused."), "Resume")
    await ana.taps(await ana.sees("every month, active"), "Change amount")
    assert list(buttons(await ana.sees("Type the new amount"))) == ["Back"]
    await ana.writes("10 usd")
    await ana.sees("Type a number above zero")
    await ana.writes("9" * 15)
    await ana.sees("Type a number above zero")
    await ana.writes("40")
    sure = await ana.sees("from €25.00 to €40.00 every month?")
    assert list(buttons(sure)) == ["Change to €40.00", "Back"]
    await ana.taps(sure, "Change to €40.00")
    changed = await ana.sees("€40.00 every month, active")
    await advance(system, days=31)
    await until(system, lambda: has_balance(system, 6500))
    await ana.taps(changed, "End")
    await ana.taps(await ana.sees("End the recurring top-up of €40.00"), "End it")
    ended = await ana.sees("It has ended.")
    await ana.taps(ended, "Back")
    await ana.sees("Acme has no recurring top-ups.")


async def test_the_card_that_was_tapped_pays_whatever_the_default_is_by_then(
    system: System, ana: Person, owner: Connection
) -> None:
    await saved(system, "mastercard")
    await saved(system)
    await ana.writes("/recurring")
    await ana.taps(await ana.sees("Acme has no recurring top-ups."), "New: every week")
    await ana.sees("every week?")
    for sentence in ("a lot", "10 usd", "0"):
        await ana.writes(sentence)
        await ana.sees("Type a number above zero, like 50 or 12.50, without a currency")
    await ana.writes("100")
    ways = await ana.sees("€100.00 every week for Acme: how do you want to pay?")
    cards = ["Pay with Visa •••• 4242", "Pay with Mastercard •••• 4444"]
    assert list(buttons(ways)) == [*cards, "With a payment link", "Back"]
    await saved(system, "amex")
    await ana.taps(ways, "Pay with Visa •••• 4242")
    await ana.sees("€100.00 every week, active")
    await until(system, lambda: has_balance(system, 10_000))
    await advance(system, days=8)
    await until(system, lambda: has_balance(system, 20_000))
    paying = "select last_four from payment_methods where id in ({})"
    began_with = paying.format("select payment_method_id from subscriptions")
    assert [row[0] for row in await owner.fetch(began_with)] == ["4242"]


async def test_a_card_that_cannot_pay_any_more_is_asked_about_again(
    system: System, ana: Person
) -> None:
    await saved(system)
    await ana.writes("/recurring")
    await ana.taps(await ana.sees("Acme has no recurring top-ups."), "New: every month")
    await ana.taps(await ana.sees("every month?"), "€25.00")
    ways = await ana.sees("€25.00 every month for Acme: how")
    await remove_all(system)
    await ana.taps(ways, "Pay with Visa •••• 4242")
    again = await ana.sees("€25.00 every month for Acme: how")
    assert list(buttons(again)) == ["With a payment link", "Back"]
    await ana.taps(again, "With a payment link")
    await ana.sees("It starts with the first payment")


async def test_a_card_that_did_not_pay_at_once_is_said_and_before_it_is_removed_too(
    system: System, ana: Person
) -> None:
    await saved(system, "chargeCustomerFail")
    await ana.writes("/recurring")
    await ana.taps(await ana.sees("Acme has no recurring top-ups."), "New: every month")
    await ana.taps(await ana.sees("every month?"), "€25.00")
    await ana.taps(await ana.sees("€25.00 every month for Acme: how"), "Pay with Visa •••• 0341")
    declined = await ana.sees("Visa •••• 0341 has not paid: it was declined, or the bank wants")
    await ana.taps(declined, "Back")
    await ana.sees("€25.00 every month, not started, with Visa •••• 0341")
    await ana.writes("/cards")
    await ana.taps(await ana.sees("pays with"), "Visa •••• 0341")
    await ana.taps(await ana.sees("the default"), "Remove")
    await ana.sees("A recurring top-up of €25.00 every month is paid with it; after that")


async def test_check_again_asks_stripe(system: System, ana: Person) -> None:
    await ana.writes("/recurring")
    await ana.taps(await ana.sees("Acme has no recurring top-ups."), "New: every month")
    await ana.taps(await ana.sees("How much should be added to Acme every month?"), "€25.00")
    waiting = await ana.sees("It starts with the first payment")
    await system.sandbox("POST", "/stripe/faults", drop=True)
    await save(system, waiting)
    await ana.taps(waiting, "Check again")
    await ana.sees("€25.00 every month, active")


async def test_a_lost_answer_says_that_nobody_knows_and_the_same_button_finds_it(
    system: System, ana: Person, owner: Connection
) -> None:
    await saved(system)
    await ana.writes("/recurring")
    await ana.taps(await ana.sees("Acme has no recurring top-ups."), "New: every month")
    await ana.taps(await ana.sees("every month?"), "€25.00")
    ways = await ana.sees("€25.00 every month for Acme: how")
    await system.sandbox("POST", "/stripe/faults", api_timeout=3)
    await ana.taps(ways, "Pay with Visa •••• 4242")
    await ana.sees("it is not yet known whether anything was charged")
    await ana.taps(ways, "Pay with Visa •••• 4242")
    await ana.sees("€25.00 every month, active")
    await until(system, lambda: has_balance(system, 2500))
    assert await owner.fetchval("select count(*) from subscriptions") == 1


async def test_a_package_of_the_operator_is_offered_by_name(system: System, ana: Person) -> None:
    terms = {"name": "Team", "amount": 3000, "currency": "eur", "interval": "month"}
    made = await system.services.database.call("add_package", SERVICE, terms=terms)
    await ana.writes("/recurring")
    await ana.taps(await ana.sees("Acme has no recurring top-ups."), "New: every month")
    offer = await ana.sees("every month?")
    assert next(iter(buttons(offer))) == "Team: €30.00"
    await ana.taps(offer, "Team: €30.00")
    await ana.sees("€30.00 every month, not started")
    await saved(system)
    await ana.writes("/recurring")
    await ana.taps(await ana.sees("recurring top-ups"), "New: every month")
    await ana.taps(await ana.sees("every month?"), "Team: €30.00")
    ways = await ana.sees("Team: €30.00 every month for Acme: how")
    await system.services.database.call("remove_package", SERVICE, package_id=made["id"])
    await ana.taps(ways, "Pay with Visa •••• 4242")
    await ana.sees("is no longer offered")
    await ana.taps(ways, "Back")
    await ana.taps(await ana.sees("recurring top-ups"), "New: every month")
    assert "Team: €30.00" not in buttons(await ana.sees("every month?"))


async def test_a_member_sees_it_and_can_do_nothing_with_it(
    system: System, ana: Person, ben: Person
) -> None:
    await begin(system, ana)
    await ben.writes("/recurring")
    seen = await ben.sees("€25.00 every month, active")
    assert buttons(seen) == {}


async def test_invoices_and_receipts_are_listed_with_stripes_links(
    system: System, ana: Person, ben: Person
) -> None:
    await ana.writes("/invoices")
    await ana.sees("Acme has not paid anything yet")
    await begin(system, ana)
    for key in range(5):
        payment = await system.topup(key=str(key))
        await system.pay(payment)
    await until(system, lambda: has_balance(system, 2500 + 5 * 5000))
    await ana.writes("/invoices")
    first = await ana.sees("invoices and receipts")
    assert plain_text(first).count("€50.00") == plain_text(first).count("/pay/cs_") == 5
    await ana.taps(first, "Older »")
    older = await ana.sees("€25.00")
    assert older["message_id"] == first["message_id"]
    assert "/pay/pi_" in plain_text(older)
    await ben.writes("/invoices")
    await ben.sees("Only an admin or higher")


@pytest.mark.parametrize(
    ("changed", "text"),
    [
        ({}, "not started\nIt starts with the first payment"),
        (
            {"paid_with": "Visa •••• 0341", "package": "Team"},
            "package Team, with Visa •••• 0341\n<b>Visa •••• 0341 has not paid:</b>",
        ),
        ({"paid_with": "Visa •••• 0341", "status": "past_due"}, "The last payment did not go"),
    ],
)
def test_one_that_waits_says_what_for_and_its_button_names_no_amount(
    changed: Json, text: str
) -> None:
    screen = subscription_screen(subscription(**changed), load_texts().translator("en"))
    assert text in screen.text
    assert screen.rows[0][0].text == "Payment page"


@pytest.mark.parametrize(
    "news", ["began", "held", "resumed", "changed", "ended", "failed", "action_required"]
)
@pytest.mark.parametrize("language", sorted(load_texts().languages))
def test_what_became_of_one_is_told_with_where_to_pay_it(news: str, language: str) -> None:
    facts: dict[str, str | int] = {
        "organization_name": "<Acme>", "news": news, "amount": "50.00", "currency": "eur",
        "interval": "week", "url": "https://invoice.stripe.com/i/1",
    }  # fmt: skip
    notified = notification(payment(), kind="recurring", facts=facts)
    screen = subscription_notification_screen(notified, load_texts().translator(language))
    assert "&lt;Acme&gt;" in screen.text
    assert screen.rows[0][0].url == facts["url"]
    assert plain_text({"text": screen.text})
