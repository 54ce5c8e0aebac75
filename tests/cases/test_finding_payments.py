"""A payment is found again by whatever somebody has of it, and by nobody who may not see it."""

from typing import Any
from uuid import UUID

import pytest
from pydantic import ValidationError

from backend.database.functions import payments_search
from backend.database.protocol import SERVICE, TelegramUser
from backend.schemas import ChargeRequest, MatchingPayments, PaymentSearch
from bot.backend_api.errors import BackendRefusal
from tests.backend.conftest import ANA, BEN, EVE, System
from tests.backend.payments.test_charges import saved
from tests.backend.payments.test_refunds import at_stripe, credited, refund
from tests.cases.stripe_objects import Connection, post

MASTERCARD = "5555555555554444"
NAME_BEN_PAYER = (
    "update payments set created_by = (select id from users where name = 'Ben') where id = $1"
)

MANY = """insert into payments (
    organization_id, wallet_id, currency, amount, created_by, expires_at, created_at
) select organization_id, wallet_id, currency, amount, created_by, expires_at,
    created_at - n / 3 * interval '1 second'
from payments, generate_series(1, 249) as n where id = $1"""


async def find(system: System, text: str, user: int = ANA, **page: Any) -> MatchingPayments:
    """Search Acme's payments."""
    search = PaymentSearch(organization_id=system.world.acme, text=text, **page)
    return await system.client.find_payments(user, search)


async def ids(system: System, text: str, user: int = ANA) -> list[UUID]:
    """The ids of what is found, in order."""
    return [payment.id for payment in (await find(system, text, user)).payments]


async def stripe_ids(system: System, payment: UUID) -> dict[str, str]:
    """Stripe's ids of a payment that was paid on a page."""
    row = await system.services.database.call(
        "get_payment_for_service", SERVICE, payment_id=payment
    )
    return {
        "page": row["stripe_checkout_session_id"],
        "intent": row["stripe_payment_intent_id"],
        "charge": next(charge["id"] for _, charge in system.store.list("charge")),
    }


async def test_a_payment_is_found_by_each_of_its_names(system: System) -> None:
    payment = await credited(system, amount="12.50")
    other = await system.topup("99", key="other")
    seen = await system.see(payment)
    named = await stripe_ids(system, payment)
    sent_back = await refund(system, payment, amount="2")
    named["refund"] = next(each["id"] for _, each in system.store.list("refund"))
    await at_stripe(system, payment, "dispute")
    named["dispute"] = next(each["id"] for _, each in system.store.list("dispute"))
    named["event"] = next(
        event["id"] for _, event in system.store.list("event")
        if event["type"] == "checkout.session.completed"
    )  # fmt: skip
    assert sent_back["http"] == 201
    ours = {"reference": seen.reference, "in small letters": seen.reference.lower()}
    ours |= {
        "how it begins": seen.reference[:8],
        "its digits": seen.reference[2:],
        "id": str(payment),
        "hex": payment.hex,
    }
    for what, text in (named | ours).items():
        assert await ids(system, f" {text} ") == [payment], what
    assert await ids(system, str(other)) == [other]
    assert await ids(system, "ch_unknown") == await ids(system, seen.reference[:7]) == []


async def test_an_amount_is_found_as_people_write_it(system: System) -> None:
    payment = await system.topup("12.50", key="first")
    await system.topup("125", key="second")
    for text in ("12.50", "12,50", "12.5", "12.50 eur", "EUR 12.50", "€12.50"):
        assert await ids(system, text) == [payment], text
    assert await ids(system, "12.50 usd") == []


async def test_an_amount_that_could_be_two_finds_both(system: System) -> None:
    large = await system.topup("1234", key="first")
    assert await ids(system, "1,234") == await ids(system, "1.234,00") == [large]


async def test_the_last_four_digits_find_a_card_that_nobody_saved(
    system: System, owner: Connection
) -> None:
    payment = await system.topup(key="first")
    await system.pay(payment, MASTERCARD)
    shown = await system.until(payment, lambda seen: seen.paid_with is not None)
    assert shown.paid_with == "Mastercard •••• 4444"
    assert await ids(system, "4444") == [payment]
    assert await ids(system, "4242") == []
    facts = await owner.fetch(
        "select fact::text from stripe_events where type = 'charge.succeeded'"
    )
    assert [MASTERCARD in row["fact"] for row in facts] == [False]


async def test_a_charge_that_is_not_ours_leaves_nothing_of_its_card(
    system: System, owner: Connection
) -> None:
    await credited(system)
    [(_, charge)] = system.store.list("charge")
    strangers = {**charge, "id": "ch_theirs", "metadata": {}, "payment_intent": "pi_theirs"}
    assert await post(system, "charge.succeeded", strangers) == (200, "ignored")
    facts = await owner.fetchval(
        "select string_agg(fact::text, '') from stripe_events where reason = 'nothing to do'"
    )
    assert "4242" not in facts


async def test_a_saved_card_an_order_and_a_name_are_found(
    system: System, owner: Connection
) -> None:
    await saved(system)
    request = ChargeRequest(
        organization_id=system.world.acme, amount="7", currency="eur", reference="Order-100%"
    )
    charged = await system.client.charge_payment_method(ANA, request, idempotency_key="charge")
    of_ben = await system.topup("8", key="of Ben")
    await owner.execute(NAME_BEN_PAYER, of_ben)
    assert await ids(system, "4242") == [charged.id]
    assert await ids(system, "order-10") == [charged.id]
    assert await ids(system, "ben") == [of_ben]
    assert await ids(system, "AN") == [charged.id]
    await owner.execute("update private.users set name = 'Анна' where name = 'Ana'")
    assert await ids(system, "анн") == [charged.id]


async def test_nothing_in_a_search_is_a_wildcard(system: System) -> None:
    await credited(system)
    for text in ("%", "%%", "_", "__", "A%", "A_a", "\\", ".*", "' or true --"):
        assert (await find(system, text)).count == 0, text


def test_a_search_has_a_text_that_fits(system: System) -> None:
    for text in ("", "   ", "x" * 256):
        with pytest.raises(ValidationError):
            PaymentSearch(organization_id=system.world.acme, text=text)


async def test_a_member_finds_their_own_and_a_stranger_nothing(
    system: System, owner: Connection
) -> None:
    payment = await credited(system)
    of_ben = await system.topup("50", key="of Ben")
    await owner.execute(NAME_BEN_PAYER, of_ben)
    reference = (await system.see(payment)).reference
    assert await ids(system, "50") == [of_ben, payment]
    assert await ids(system, "50", BEN) == [of_ben]
    assert await ids(system, reference, BEN) == await ids(system, str(payment), BEN) == []
    with pytest.raises(BackendRefusal) as refused:
        await find(system, reference, EVE)
    assert refused.value.code == "not_found"
    await system.client.remove_member(ANA, system.world.acme, await user_id(owner, "Ben"))
    with pytest.raises(BackendRefusal) as refused:
        await find(system, "50", BEN)
    assert refused.value.code == "not_found"


async def user_id(owner: Connection, name: str) -> UUID:
    """Our id of a person."""
    return UUID(str(await owner.fetchval("select id from users where name = $1", name)))


async def test_another_organizations_payment_is_found_by_none_of_its_names(
    system: System, owner: Connection
) -> None:
    payment = await credited(system)
    named = await stripe_ids(system, payment)
    globex = await owner.fetchval("insert into organizations (name) values ('Globex') returning id")
    await owner.execute(
        "insert into memberships values ($1, $2, 'owner')", globex, await user_id(owner, "Eve")
    )
    reference = (await system.see(payment)).reference
    for text in (*named.values(), reference, str(payment), "50", "Ana", "4242"):
        search = PaymentSearch(organization_id=globex, text=text)
        assert (await system.client.find_payments(EVE, search)).count == 0
    search = PaymentSearch(organization_id=globex, text="50", cursor=f"o{payment.hex}")
    with pytest.raises(BackendRefusal) as refused:
        await system.client.find_payments(EVE, search)
    assert refused.value.code == "bad_cursor"


async def test_very_many_hits_come_page_by_page_and_each_once(
    system: System, owner: Connection
) -> None:
    first = await system.topup("50")
    await owner.execute(MANY, first)
    everything = await owner.fetch("select id from payments order by created_at desc, id desc")
    read: list[UUID] = []
    page = await find(system, "50", limit=100)
    while True:
        assert page.count == 250
        read += [payment.id for payment in page.payments]
        if page.next_cursor is None:
            break
        page = await find(system, "50", limit=100, cursor=page.next_cursor)
    assert read == [row["id"] for row in everything]
    back = await find(system, "50", limit=100, cursor=page.previous_cursor)
    assert [payment.id for payment in back.payments] == read[100:200]
    with pytest.raises(BackendRefusal):
        await find(system, "51", cursor=f"o{first.hex}")


async def test_the_database_asks_for_the_role_by_itself(system: System) -> None:
    """Whoever calls SQL as themselves gets no more than by the route."""
    payment = await credited(system)
    database, search = system.services.database, payments_search.find_payments
    as_ben = await search(
        database,
        TelegramUser(BEN),
        organization_id=system.world.acme,
        search_text=str(payment),
        amounts=[{"currency": "eur", "amount": 5000}],
    )
    assert as_ben.count == 0
