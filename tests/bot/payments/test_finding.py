"""/find, a payment that is opened from a list, and its timeline, with the real backend behind."""

from typing import TYPE_CHECKING, Any
from uuid import UUID

import asyncpg
import pytest

from sandbox.telegram.text import plain_text
from tests.backend.conftest import ANA, System
from tests.backend.payments.test_refunds import at_stripe, credited
from tests.bot.conftest import Person, buttons
from tests.cases.test_finding_payments import MANY, NAME_BEN_PAYER
from tests.sandbox.telegram.playground import Playground

if TYPE_CHECKING:
    Connection = asyncpg.Connection[Any]
else:
    Connection = asyncpg.Connection
NO_MATCH = "No payment found for"


@pytest.fixture
def ana(system: System) -> Person:
    return Person(Playground(system.sandbox_url, system.http), "ana")


@pytest.fixture
def ben(system: System) -> Person:
    return Person(Playground(system.sandbox_url, system.http), "ben")


@pytest.fixture
def eve(system: System) -> Person:
    return Person(Playground(system.sandbox_url, system.http), "eve")


async def topped_up(system: System, ana: Person, amount: str) -> UUID:
    """A payment whose own message Ana has seen."""
    await ana.writes("/start")
    await ana.sees("Hello, Ana.")  # a bot writes to nobody first
    payment = await system.topup(amount, key="open")
    await ana.sees(f"Add €{amount}.00 to Acme")
    return payment


async def test_a_reference_opens_its_payment_with_receipt_refund_and_timeline(
    system: System, ana: Person
) -> None:
    payment = await credited(system)
    await ana.writes(f"/find {(await system.see(payment)).reference.lower()}")
    opened = await ana.sees("Receipt\n€50.00 to Acme")
    assert "Paid with Visa •••• 4242" in plain_text(opened)
    [(_, charge)] = system.store.list("charge")
    assert charge["receipt_url"] in plain_text(opened)  # of localhost, which fits no button
    assert list(buttons(opened)) == ["Refund", "What happened"]
    await ana.taps(opened, "What happened")
    shown = plain_text(await ana.sees("What happened\n€50.00 for Acme"))
    steps = (
        "Ana started the payment", "the page to pay on was opened", "paid at Stripe",
        "Stripe's message about it arrived", "+€50.00 in the wallet, balance €50.00",
    )  # fmt: skip
    places = [shown.index(step) for step in steps]
    assert places == sorted(places)
    await ana.taps(opened, "Refund")
    await ana.sees("Refund €50.00 to Ana")


async def test_find_alone_asks_and_takes_the_next_message(system: System, ana: Person) -> None:
    await credited(system, amount="12.50")
    await ana.writes("/find")
    await ana.sees("What are you looking for in Acme?")
    await ana.writes("12,50")
    await ana.sees("Receipt\n€12.50 to Acme")


async def test_many_hits_are_pages_of_one_message_with_a_button_for_each(
    system: System, ana: Person, owner: Connection
) -> None:
    await owner.execute(MANY, await topped_up(system, ana, "50"))
    await ana.writes("/find 50 €")
    first = await ana.sees("Acme: 250 payments for 50 €")
    assert len(buttons(first)) > 1
    assert list(buttons(first))[-1] == "Older »"
    await ana.taps(first, "Older »")
    second = await ana.sees("Acme: 250 payments for 50 €")
    assert second["message_id"] == first["message_id"]
    assert plain_text(second) != plain_text(first)
    await ana.taps(second, "« Newer")
    assert plain_text(await ana.sees("Acme: 250 payments")) == plain_text(first)
    await ana.taps(first, next(iter(buttons(first))))
    assert "What happened" in buttons(await ana.sees("€50.00 to Acme"))


async def test_what_is_copied_out_of_a_message_is_found(system: System, ana: Person) -> None:
    payment = await credited(system, amount="12.50")
    reference = (await system.see(payment)).reference
    for text in (f"{reference[:5]}\u2060{reference[5:]}\u200b", "-\u2060€12.50", "-12,50\u00a0€"):
        await ana.writes(f"/find {text}")
        await ana.sees("Receipt\n€12.50 to Acme")
    await ana.writes("/find P-00000017171717")
    assert "P-00000017171717" in plain_text(await ana.sees(NO_MATCH))


@pytest.mark.parametrize("text", ["%", "_____", "x" * 3000, "\u200b", "AB12CD34EF", "' or 1=1 --"])
async def test_what_is_nothing_finds_nothing(system: System, ana: Person, text: str) -> None:
    await credited(system)
    await ana.writes(f"/find {text}")
    await ana.sees(NO_MATCH)


async def test_a_member_finds_their_own_only_and_is_told_so(
    system: System, ben: Person, owner: Connection
) -> None:
    payment = await credited(system)
    of_ben = await system.topup("8", key="of Ben")
    await owner.execute(NAME_BEN_PAYER, of_ben)
    reference = (await system.see(payment)).reference
    await ben.writes(f"/find {reference}")
    of_own = await ben.sees("None of the payments that you started matches")
    assert reference in plain_text(of_own)  # to be copied, with nothing inside that is not seen
    assert NO_MATCH not in plain_text(of_own)  # /history lists it
    await ben.writes("/find 8")
    opened = await ben.sees("Add €8.00 to Acme")
    assert list(buttons(opened)) == ["What happened"]
    await ben.taps(opened, "What happened")
    await ben.sees("Waiting for the payer.")


async def test_a_member_opens_a_colleagues_payment_without_what_is_not_theirs(
    system: System, ben: Person
) -> None:
    payment = await credited(system)
    await ben.writes("/history")
    shown = await ben.sees("movements in EUR")
    await ben.taps(shown, next(iter(buttons(shown))))
    opened = await ben.sees("Receipt\n€50.00 to Acme")
    assert (buttons(opened), "Visa" in plain_text(opened)) == ({}, False)
    answer = await ben.telegram.post(
        "tap", chat="private", user="ben", message_id=opened["message_id"],
        button=f"steps:{payment.hex}", status=409,
    )  # fmt: skip
    assert answer  # no such button is there to be tapped
    await ben.taps_old(opened, f"steps:{payment.hex}")
    assert "What happened" not in "".join(await ben.chat())


async def test_a_stranger_and_a_removed_member_find_nothing(
    system: System, ben: Person, eve: Person, owner: Connection
) -> None:
    reference = (await system.see(await credited(system))).reference
    await owner.execute("delete from memberships where role = 'member'")
    for person in (ben, eve):
        await person.writes(f"/find {reference}")
        await person.sees("You are not in any organization here yet.")


async def test_the_default_organization_is_searched_first_and_then_the_others(
    system: System, ana: Person, owner: Connection
) -> None:
    payment = await credited(system)
    globex = await owner.fetchval("insert into organizations (name) values ('Globex') returning id")
    await owner.execute(
        "insert into memberships select $1, id, 'owner' from private.users where name = 'Ana'",
        globex,
    )
    await system.client.set_default_organization(ANA, globex)
    await ana.writes("/start")
    shown = plain_text(await ana.sees("Hello, Ana."))
    assert "Globex (your role: owner) (used when you name none)\n" in shown
    assert "Acme (your role: owner)\n" in shown
    await ana.writes(f"/find {(await system.see(payment)).reference}")
    await ana.sees("Receipt\n€50.00 to Acme")


async def test_every_list_opens_its_payments(system: System, ana: Person) -> None:
    await credited(system)
    waiting = await topped_up(system, ana, "9")
    await ana.writes("/history")
    movements = await ana.sees("movements in EUR")
    await ana.taps(movements, next(iter(buttons(movements))))
    await ana.sees("Receipt\n€50.00 to Acme")
    await ana.taps(movements, "Open payments")
    listed = await ana.sees("Acme: open payments")
    await ana.taps(listed, next(iter(buttons(listed))))
    opened = await ana.sees("Add €9.00 to Acme")
    assert list(buttons(opened)) == ["Cancel", "What happened"]
    await ana.taps(opened, "Cancel")
    changed = [(await ana.sees("Canceled."))["message_id"] for _ in range(2)]
    assert opened["message_id"] in changed  # and the payment's own message
    assert (await system.see(waiting)).status == "canceled"
    await ana.writes("/invoices")
    invoices = await ana.sees("invoices and receipts")
    await ana.taps(invoices, next(iter(buttons(invoices))))
    await ana.sees("Receipt\n€50.00 to Acme")


async def test_a_stuck_payment_is_credited_by_looking_at_what_happened(
    system: System, ana: Person
) -> None:
    await system.sandbox("POST", "/stripe/faults", drop=True)
    payment = await topped_up(system, ana, "50")
    await system.pay(payment)
    await ana.writes(f"/find {(await system.see(payment)).reference}")
    await ana.taps(await ana.sees("Add €50.00 to Acme"), "What happened")
    shown = plain_text(await ana.sees("What happened\n€50.00"))
    assert "Stripe was asked, and said it is paid" in shown
    assert (await system.see(payment)).status == "succeeded"


async def test_while_stripe_is_away_what_is_known_is_shown(system: System, ana: Person) -> None:
    paid = await credited(system)
    waiting = await topped_up(system, ana, "9")
    references = [(await system.see(each)).reference for each in (paid, waiting)]
    kinds = ["payment_intent", "checkout.session"]
    await system.sandbox("POST", "/stripe/faults", unreadable=kinds)
    await ana.writes(f"/find {references[0]}")
    await ana.sees("Stripe is not answering right now, so its receipt is missing here.")
    await ana.writes(f"/find {references[1]}")
    await ana.taps(await ana.sees("Add €9.00 to Acme"), "What happened")
    shown = await ana.sees("Stripe is not answering right now: this is what is known here.")
    assert "Waiting for the payer." in plain_text(shown)
    await system.sandbox("POST", "/stripe/faults", unreadable=[])
    await system.pay(waiting)
    await system.until(waiting, lambda now: now.status == "succeeded")
    await ana.taps(shown, "Check again")
    again = await ana.sees("in the wallet, balance €59.00")
    assert again["message_id"] == shown["message_id"]


async def test_a_refund_that_is_on_its_way_says_so_until_it_has_arrived(
    system: System, ana: Person
) -> None:
    payment = await credited(system)
    await at_stripe(system, payment, "refund_pending", amount=2000)
    await system.until(payment, lambda now: len(now.refunds) == 1)
    await ana.writes(f"/find {(await system.see(payment)).reference}")
    await ana.taps(await ana.sees("Receipt"), "What happened")
    shown = plain_text(await ana.sees("Waiting for a refund"))
    assert "Somebody asked for a refund of €20.00" in shown
    assert "€20.00 left the wallet for a refund" in shown
