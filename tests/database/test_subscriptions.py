"""Whatever Stripe says of an invoice, in any order: it credits once, or is a dead letter."""

from itertools import permutations
from typing import TYPE_CHECKING, Any

import asyncpg
import pytest

from backend.database.postgres import PostgresDatabase
from backend.database.protocol import SERVICE
from backend.errors import (
    AmountTooSmall,
    NotFound,
    RoleTooLow,
    SubscriptionCurrency,
    SubscriptionOver,
)
from tests.conftest import World
from tests.database.conftest import PaymentDriver, event
from tests.database.test_events import balance

if TYPE_CHECKING:
    Connection = asyncpg.Connection[Any]
else:
    Connection = asyncpg.Connection

Json = dict[str, Any]
TERMS = {"amount": 5000, "currency": "eur", "interval": "month"}


@pytest.fixture
async def subscription(database: PostgresDatabase, world: World) -> str:
    """EUR 50 a month for Acme, which Stripe calls sub_1 and says is active."""
    made = await database.call(
        "create_subscription", world.ana, organization_id=world.acme, terms=TERMS
    )
    await note(database, made["id"], status="active", stripe_subscription_id="sub_1")
    return str(made["id"])


async def note(database: PostgresDatabase, id: str, **seen: Any) -> Json:
    """What Stripe answers now."""
    row = await database.call("get_subscription_for_service", SERVICE, subscription_id=id)
    seen = {"refetched_at": row["refetched_at"], **seen}
    noted: Json = await database.call(
        "record_subscription_state", SERVICE, subscription_id=id, state=seen
    )
    return noted


def invoice(event_id: str, outcome: str = "paid", **changed: Any) -> Json:
    """An event about the second invoice of sub_1."""
    id = changed.get("stripe_invoice_id", "in_1")
    fact = {
        "about": "invoice", "outcome": outcome, "stripe_invoice_id": id, "first": False,
        "stripe_payment_intent_id": f"pi_{id}", "intents": [f"pi_{id}"], "refetched": True,
        "subscription_id": None, "stripe_subscription_id": "sub_1", "url": "https://i", "tries": 1,
        "received_minor": 5000, "tax_minor": 0, "amount_minor": 5000, "currency": "eur",
    }  # fmt: skip
    return event(event_id, **{**fact, **changed})


@pytest.mark.parametrize("order", [*permutations(("paid", "paid_again", "failed", "changed"))])
async def test_an_invoice_credits_once_in_every_order(
    driver: PaymentDriver, owner: Connection, subscription: str, order: tuple[str, ...]
) -> None:
    events = {
        "paid": invoice("evt_paid"),
        "paid_again": invoice("evt_paid_again"),
        "not_asked": invoice(
            "evt_not_asked", refetched=False, intents=[], stripe_payment_intent_id=None
        ),
        "failed": invoice("evt_failed", "failed"),
        "changed": event(
            "evt_changed", about="subscription", outcome="changed", subscription_id=subscription,
            stripe_subscription_id="sub_1",
        ),
    }  # fmt: skip
    for name in ("not_asked", *order, *order):
        assert (await driver.receive(events[name]))[0] in ("done", "ignored")
    assert await balance(owner) == 5000
    row = await owner.fetchrow("select kind, reference from transfers")
    assert tuple(row or ()) == ("invoice", "in_1")
    assert await owner.fetchval("select stripe_payment_intent_id from payments") == "pi_in_1"
    notifications = await owner.fetch("select from notifications where kind = 'recurring'")
    late = order.index("failed") > min(order.index("paid"), order.index("paid_again"))
    assert len(notifications) == 1 + (
        0 if late else 1
    )  # that it began, and what failed before it was paid


async def test_each_invoice_is_a_payment_of_its_own(
    driver: PaymentDriver, owner: Connection, subscription: str
) -> None:
    await driver.receive(*(invoice(f"evt_{n}", stripe_invoice_id=f"in_{n}") for n in range(3)))
    assert await balance(owner) == 3 * 5000
    flows = await owner.fetch("select flow, status from payments")
    assert {tuple(row) for row in flows} == {("invoice", "succeeded")}


@pytest.mark.parametrize("wrong", [{"received_minor": 4000}, {"currency": "usd"}])
async def test_what_was_never_quoted_is_a_dead_letter(
    driver: PaymentDriver, owner: Connection, subscription: str, wrong: Json
) -> None:
    assert await driver.receive(invoice("evt_1", **wrong)) == ["dead_letter"]
    assert await balance(owner) == 0


async def test_an_invoice_of_before_a_change_is_credited_after_it(
    driver: PaymentDriver, owner: Connection, world: World, subscription: str
) -> None:
    which = {"subscription_id": subscription}
    await driver.database.call(
        "request_subscription_change", world.ana, **which, changes={"amount": 7000}
    )
    renewals = invoice("evt_1"), invoice("evt_2", stripe_invoice_id="in_2")
    assert await driver.receive(*renewals) == ["done"] * 2
    await driver.receive(invoice("evt_4", "failed", stripe_invoice_id="in_4", amount_minor=5000))
    query = "select facts ->> 'amount' from notifications where facts ->> 'news' = 'failed'"
    assert await owner.fetchval(query) == "50.00"
    renewed = invoice("evt_3", stripe_invoice_id="in_3", received_minor=7000)
    assert await driver.receive(renewed) == ["done"]
    assert await balance(owner) == 5000 + 5000 + 7000


async def test_what_is_not_ours_is_ignored_and_ours_but_unknown_is_a_dead_letter(
    driver: PaymentDriver,
) -> None:
    assert await driver.receive(invoice("evt_1", stripe_subscription_id="sub_x")) == ["ignored"]
    unknown = {"subscription_id": "00000000-0000-4000-8000-000000000000"}
    assert await driver.receive(invoice("evt_2", **unknown)) == ["dead_letter"]


async def test_an_answer_to_an_earlier_question_changes_nothing(
    database: PostgresDatabase, subscription: str
) -> None:
    earlier = await database.call(
        "get_subscription_for_service", SERVICE, subscription_id=subscription
    )
    assert (await note(database, subscription, status="past_due"))["status"] == "past_due"
    stale = {"refetched_at": earlier["refetched_at"], "status": "active"}
    row = await database.call(
        "record_subscription_state", SERVICE, subscription_id=subscription, state=stale
    )
    assert row["status"] == "past_due"


async def test_stripe_bills_an_organization_in_one_currency(
    database: PostgresDatabase, world: World, subscription: str
) -> None:
    dollars = {"organization_id": world.acme, "terms": TERMS | {"currency": "usd"}}
    with pytest.raises(SubscriptionCurrency) as refused:
        await database.call("create_subscription", world.ana, **dollars)
    assert refused.value.facts == {"currency": "eur"}
    await note(database, subscription, status="canceled")
    await database.call("create_subscription", world.ana, **dollars)


async def test_what_one_does_to_it_the_others_are_told(
    database: PostgresDatabase, world: World, owner: Connection, subscription: str
) -> None:
    await owner.execute("update memberships set role = 'admin'")
    acts: list[tuple[Json, Json]] = [
        ({"paused": True}, {"status": "active", "paused": True}),
        ({"paused": False}, {"status": "active", "paused": False}),
        ({"amount": 6000}, {"amount": 6000}),
        ({"canceled": True}, {"status": "canceled"}),
    ]
    waiting = (
        "select n.facts ->> 'news' from notifications as n"
        " inner join chats as c on c.id = n.chat_id inner join users as u on u.id = c.user_id"
        " where n.kind = 'recurring' and u.name = $1 order by n.id"
    )
    notified = []
    for changes, seen in acts:
        requested = await database.call(
            "request_subscription_change", world.ana, subscription_id=subscription, changes=changes
        )
        await note(database, subscription, **seen, changed_by=requested["changed_by"])
        notified += [row[0] for row in await owner.fetch(waiting, "Ben")]  # the newest waits alone
    assert notified == ["held", "resumed", "changed", "ended"]
    assert [row[0] for row in await owner.fetch(waiting, "Ana")] == ["began"]


async def test_who_begins_one_with_a_card_of_before_has_not_added_it(
    database: PostgresDatabase, owner: Connection, subscription: str
) -> None:
    for id, age in (("pm_of_before", "1 hour"), ("pm_saved_by_it", "-1 second")):
        await owner.execute(
            "insert into payment_methods"
            " (organization_id, stripe_payment_method_id, type, created_at)"
            " select organization_id, $1, 'card', created_at - $2::text::interval"
            " from subscriptions",
            id, age,
        )  # fmt: skip
        await note(database, subscription, payment_method=id)
    rows = await owner.fetch(
        "select u.name from payment_methods as m left join private.users as u on u.id = m.added_by"
        " order by m.created_at"
    )
    assert [row["name"] for row in rows] == [None, "Ana"]


async def test_only_owners_and_admins_act_and_strangers_see_nothing(
    database: PostgresDatabase, world: World, subscription: str
) -> None:
    which, change = {"subscription_id": subscription}, {"changes": {"paused": True}}
    for person, refusal in ((world.ben, RoleTooLow), (world.eve, NotFound)):
        with pytest.raises(refusal):
            await database.call("request_subscription_change", person, **which, **change)
        with pytest.raises(refusal):
            await database.call(
                "create_subscription", person, organization_id=world.acme, terms=TERMS
            )
    with pytest.raises(NotFound):
        await database.call("get_subscription", world.eve, **which)
    with pytest.raises(AmountTooSmall):
        await database.call(
            "request_subscription_change", world.ana, **which, changes={"amount": 1}
        )
    await note(database, subscription, status="canceled")
    with pytest.raises(SubscriptionOver):
        await database.call("request_subscription_change", world.ana, **which, **change)


async def test_the_default_card_pays_where_its_own_was_removed(
    database: PostgresDatabase, world: World, owner: Connection, subscription: str
) -> None:
    add = (
        "insert into payment_methods (organization_id, stripe_payment_method_id, type, brand,"
        " last_four, is_active, is_default)"
        " values ($1, $2, 'card', 'visa', $3, $4, $5)"
    )
    await owner.execute(add, world.acme, "pm_own", "4242", True, False)
    await owner.execute(add, world.acme, "pm_default", "0341", True, True)
    await owner.execute(
        "insert into private.payment_method_details (payment_method_id)"
        " select id from payment_methods"
    )

    async def paid_with() -> str | None:
        seen = await database.call("get_subscription", world.ana, subscription_id=subscription)
        return str(seen["paid_with"]) if seen["paid_with"] else None

    assert await paid_with() is None
    await note(database, subscription, payment_method="pm_own")
    assert await paid_with() == "Visa •••• 4242"
    await owner.execute("update payment_methods set is_active = false where last_four = '4242'")
    assert await paid_with() == "Visa •••• 0341"
