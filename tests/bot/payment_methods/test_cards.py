"""/cards in the chat, with the real backend, the real database and the local Stripe behind it."""

from typing import TYPE_CHECKING, Any

import asyncpg
import pytest

from backend.schemas import NewMethod
from sandbox.telegram.text import plain_text
from tests.backend.conftest import ANA, DECLINE, SUCCESS, System
from tests.bot.conftest import Person, buttons
from tests.sandbox.telegram.playground import Playground

if TYPE_CHECKING:
    Connection = asyncpg.Connection[Any]
else:
    Connection = asyncpg.Connection

Json = dict[str, Any]


@pytest.fixture
def ana(system: System) -> Person:
    return Person(Playground(system.sandbox_url, system.http), "ana")


@pytest.fixture
def ben(system: System) -> Person:
    return Person(Playground(system.sandbox_url, system.http), "ben")


async def save(system: System, message: Json, card: str = SUCCESS) -> None:
    """What the page does to which the message's address leads."""
    session = plain_text(message).rpartition("/pay/")[2].split()[0]
    await system.sandbox("POST", f"/stripe/sessions/{session}/pay", card=card)


async def add(system: System, person: Person, card: str = SUCCESS) -> Json:
    """A card is added from /cards; the message that says so."""
    await person.writes("/cards")
    message = await person.sees("Acme")
    await person.taps(message, "Add a card")
    await save(system, await person.sees("Open it here"), card)
    return await person.sees("•••• ")


async def test_a_card_is_added_named_chosen_and_removed_in_one_message(
    system: System, ana: Person
) -> None:
    await ana.writes("/cards")
    first = await ana.sees("has no saved card yet")
    await ana.taps(first, "Add a card")
    link = await ana.sees("Every owner and admin of Acme can then charge it")
    await save(system, link, DECLINE)
    await ana.sees("The card was declined.")
    await save(system, link)
    added = await ana.sees("Visa •••• 4242 was added. Every owner and admin of Acme can charge")
    assert added["message_id"] == first["message_id"]
    amex = NewMethod(organization_id=system.world.acme, stripe_payment_method_id="pm_card_amex")
    await system.client.add_payment_method(ANA, amex)
    await ana.taps(added, "Cards")
    cards = await ana.sees("Visa •••• 4242, the default, valid until 12/")
    assert "American Express •••• 0005, valid until 12/" in plain_text(cards)
    await ana.taps(cards, "American Express •••• 0005")
    card = await ana.sees("Added by Ana.")
    await ana.taps(card, "Name this card")
    question = await ana.sees("What should American Express •••• 0005 be called?")
    assert list(buttons(question)) == ["Back"]
    await ana.writes("Travel <b>")
    named = await ana.sees("American Express •••• 0005, Travel <b>")
    await ana.taps(named, "Make default")
    cards = await ana.sees("Travel <b>, the default")
    await ana.taps(cards, "American Express •••• 0005, Travel <b>")
    card = await ana.sees("Added by Ana.")
    assert "Make default" not in buttons(card)
    await ana.taps(card, "Remove")
    sure = await ana.sees("Remove American Express •••• 0005, Travel <b>?")
    await ana.taps(sure, "Remove")
    cards = await ana.sees("pays with")
    assert "American" not in plain_text(cards)
    assert cards["message_id"] == named["message_id"]


async def test_the_same_card_again_is_told_in_the_links_message(
    system: System, ana: Person
) -> None:
    await add(system, ana)
    assert "is already saved" in plain_text(await add(system, ana))


async def test_members_see_what_the_default_is_called_and_no_buttons(
    system: System, ana: Person, ben: Person
) -> None:
    await add(system, ana)
    await ben.writes("/cards")
    seen = await ben.sees("Visa •••• 4242, the default")
    assert buttons(seen) == {}
    assert "/20" not in plain_text(seen)


async def test_stripes_portal_is_one_tap_away(system: System, ana: Person) -> None:
    await ana.writes("/cards")
    await ana.taps(await ana.sees("no saved card"), "Cards and invoices at Stripe")
    portal = await ana.sees("Stripe's own page for Acme")
    assert "/portal/bps_1" in plain_text(portal)
    await ana.taps(portal, "Cards")
    await ana.sees("no saved card yet")


async def test_owners_are_asked_about_the_cards_of_who_leaves(
    system: System, ana: Person, ben: Person, owner: Connection
) -> None:
    await ana.writes("/cards")  # who never wrote is told nothing
    await owner.execute("update memberships set role = 'admin' where role = 'member'")
    await add(system, ben)
    await add(system, ben, "5555555555554444")
    await ana.sees("Ben added Visa •••• 4242 to Acme")
    await owner.execute("delete from memberships where role = 'admin'")
    question = [await ana.sees("is no longer in Acme") for _ in range(2)]
    await ana.taps(question[0], "Keep")
    await ana.sees("stays. Owners and admins can still charge it.")
    await ana.taps(question[1], "Remove")
    await ana.taps(await ana.sees("Remove "), "Remove")
    cards = await ana.sees("pays with")
    assert await owner.fetchval("select count(*) from payment_methods where is_active") == 1
    [method] = (await system.client.list_payment_methods(ANA, system.world.acme)).methods
    await system.client.remove_payment_method(ANA, method.id)
    gone = await ana.taps(cards, next(iter(buttons(cards))))
    assert gone["text"].startswith("That card is no longer saved here.")
