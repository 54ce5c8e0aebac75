"""Paying with a saved card in the chat, with the real backend and the local Stripe behind it."""

import asyncio
from typing import TYPE_CHECKING, Any

import asyncpg
import pytest

from backend.schemas import NewMethod
from sandbox.telegram.text import plain_text
from tests.backend.conftest import ANA, System
from tests.bot.conftest import Person, buttons
from tests.sandbox.telegram.playground import Playground

if TYPE_CHECKING:
    Connection = asyncpg.Connection[Any]
else:
    Connection = asyncpg.Connection
Json = dict[str, Any]
WAYS = "how do you want to pay?"


@pytest.fixture
def ana(system: System) -> Person:
    return Person(Playground(system.sandbox_url, system.http), "ana")


@pytest.fixture
def ben(system: System) -> Person:
    return Person(Playground(system.sandbox_url, system.http), "ben")


async def saved(system: System, test_card: str = "visa") -> None:
    """Acme's default card from now on."""
    card = NewMethod(
        organization_id=system.world.acme,
        stripe_payment_method_id=f"pm_card_{test_card}",
        set_as_default=True,
    )
    await system.client.add_payment_method(ANA, card)


async def remove_all(system: System) -> None:
    """Acme's cards are removed, all of them, somewhere else."""
    listed = await system.client.list_payment_methods(ANA, system.world.acme)
    for card in listed.methods:
        await system.client.remove_payment_method(ANA, card.id)


async def test_an_amount_that_cannot_be_paid_is_refused_before_a_card_is_chosen(
    system: System, ana: Person
) -> None:
    await saved(system)
    for amount, why in (("0", "too little"), ("99999999", "too much"), ("5 abc", "cannot be used")):
        await ana.writes(f"/topup {amount}")
        assert buttons(await ana.sees(why)) == {}


async def test_one_tap_after_the_amount_pays_in_the_same_message(
    system: System, ana: Person
) -> None:
    await saved(system)
    await saved(system, "mastercard")
    await ana.writes("/topup 12,50")
    ways = await ana.sees("Add €12.50 to Acme: " + WAYS)
    assert list(buttons(ways)) == [
        "Pay with Mastercard •••• 4444", "Pay with Visa •••• 4242", "Payment page",
    ]  # fmt: skip
    await ana.taps(ways, "Pay with Visa •••• 4242")
    paid = await ana.sees(
        "Paid with Visa •••• 4242. Ana added €12.50 to Acme.\nNew balance: €12.50"
    )
    assert paid["message_id"] == ways["message_id"]
    await ana.taps(paid, "Top up again")
    amounts = await ana.sees("How much")
    await ana.taps(amounts, "€50.00")
    ways = await ana.sees("Add €50.00 to Acme: " + WAYS)
    assert ways["message_id"] == amounts["message_id"]
    await ana.taps(ways, "Payment page")
    assert "The link is open" in plain_text(await ana.sees("Add €50.00 to Acme."))


async def test_taps_on_one_message_pay_once_whatever_they_are_on(
    system: System, ana: Person, owner: Connection
) -> None:
    await saved(system)
    await saved(system, "mastercard")
    await ana.writes("/topup 50")
    ways = await ana.sees(WAYS)
    taps = ["Pay with Visa •••• 4242"] * 4 + ["Pay with Mastercard •••• 4444", "Payment page"]
    await asyncio.gather(*(ana.taps(ways, label) for label in taps))
    await ana.sees("New balance: €50.00")
    statuses = [row[0] for row in await owner.fetch("select status from payments")]
    assert statuses == ["succeeded"]


async def test_one_number_with_two_expiry_dates_is_told_apart_on_every_button(
    system: System, ana: Person, owner: Connection
) -> None:
    await saved(system, "mastercard")
    await saved(system)
    expiry = "select exp_month || '/' || exp_year from payment_methods order by created_at desc"
    month, year = (await owner.fetchval(expiry)).split("/")
    visa = await owner.fetchval(
        "select stripe_payment_method_id from payment_methods order by created_at desc"
    )
    reissued = {"exp_month": 2, "exp_year": int(year) - 1}
    await system.sandbox("POST", f"/stripe/cards/{visa}/reissue", **reissued)
    async with asyncio.timeout(60):
        while await owner.fetchval(expiry) != f"2/{int(year) - 1}":
            await asyncio.sleep(0.02)
    await saved(system)
    first = f"Visa •••• 4242, 02/{int(year) % 100 - 1}"
    second = f"Visa •••• 4242, {int(month):02}/{int(year) % 100}"
    await ana.writes("/topup 50")
    ways = list(buttons(await ana.sees(WAYS)))
    assert {f"Pay with {card}" for card in (first, second)} < set(ways)
    assert "Pay with Mastercard •••• 4444" in ways
    await ana.writes("/cards")
    cards = await ana.sees("Acme pays with")
    assert {first, second, "Mastercard •••• 4444"} < set(buttons(cards))
    await ana.taps(cards, first)
    await ana.taps(await ana.sees("Added by Ana."), "Remove")
    await ana.sees(f"Remove {first}?")


async def test_a_declined_card_says_so_and_leads_to_another_way(
    system: System, ana: Person
) -> None:
    await saved(system, "chargeCustomerFail")
    await saved(system)
    await ana.writes("/topup 50")
    await ana.taps(await ana.sees(WAYS), "Pay with Visa •••• 0341")
    declined = await ana.sees("Visa •••• 0341 was declined. Your bank can say why.")
    assert "Nothing was added" in plain_text(declined)
    await ana.taps(declined, "Pay another way")
    await ana.taps(await ana.sees(WAYS), "Pay with Visa •••• 4242")
    await ana.sees("Paid with Visa •••• 4242")


async def test_the_bank_asks_by_a_link_in_the_message(system: System, ana: Person) -> None:
    await saved(system, "authenticationRequired")
    await ana.writes("/topup 50")
    await ana.taps(await ana.sees(WAYS), "Pay with Visa •••• 3184")
    question = await ana.sees("Confirm here: ")
    page = plain_text(question).rpartition("/pay/")[2].split()[0]
    await system.sandbox(
        "POST", f"/stripe/sessions/{page}/pay", card="4000002500003155", authenticate=True
    )
    paid = await ana.sees("Paid with Visa •••• 3184")
    assert paid["message_id"] == question["message_id"]


async def test_who_may_charge_no_card_is_offered_none_and_their_tap_is_refused(
    system: System, ana: Person, ben: Person, owner: Connection
) -> None:
    await saved(system)
    await ben.writes("/topup 50")
    assert buttons(await ben.sees("Only an admin or higher")) == {}
    await ana.writes("/topup 50")
    ways = await ana.sees(WAYS)
    await owner.execute(
        "update memberships set role = 'member' where user_id in"
        " (select id from private.users where telegram_id = 1001)"
    )
    await ana.taps(ways, "Pay with Visa •••• 4242")
    await ana.sees("an admin or higher")
    assert await owner.fetchval("select count(*) from payments") == 0


async def test_what_the_backend_must_judge_first_is_not_asked_how_to_pay(
    system: System, ana: Person
) -> None:
    await saved(system)
    await ana.writes("/topup fifty")
    await ana.sees("I cannot read that amount")
    await ana.writes("/topup 0")
    await ana.sees("the smallest amount is")
    await ana.writes("/topup 1234567890")
    await ana.sees("the largest amount is")


async def test_a_lost_answer_says_that_nobody_knows_and_the_message_what_came_of_it(
    system: System, ana: Person, owner: Connection
) -> None:
    await saved(system)
    await ana.writes("/topup 50")
    ways = await ana.sees(WAYS)
    await system.sandbox("POST", "/stripe/faults", drop=True, api_timeout=3)
    await ana.taps(ways, "Pay with Visa •••• 4242")
    charging = await ana.sees("Charging Visa •••• 4242: €50.00 for Acme")
    await ana.sees("do not pay again before")
    assert list(buttons(charging)) == ["Check again"]
    await ana.taps(charging, "Check again")
    paid = await ana.sees("Paid with Visa •••• 4242")
    assert paid["message_id"] == ways["message_id"]


async def test_a_card_that_was_removed_meanwhile_is_refused_in_words(
    system: System, ana: Person
) -> None:
    await saved(system)
    await ana.writes("/topup 50")
    ways = await ana.sees(WAYS)
    await remove_all(system)
    await ana.taps(ways, "Pay with Visa •••• 4242")
    await ana.sees("That card is no longer saved here.")
