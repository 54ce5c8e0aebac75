"""An organization is one customer at Stripe, however many ask for it and whatever gets lost."""

import asyncio
from typing import TYPE_CHECKING, Any

import asyncpg
import pytest

from backend.database.functions import customers as sql_customers
from backend.stripe import reconcile
from tests.backend.conftest import ANA, System
from tests.backend.payments.test_charges import Json, post
from tests.backend.payments.test_old_keys import made
from tests.cases.stripe_objects import deliver, event

if TYPE_CHECKING:
    Connection = asyncpg.Connection[Any]
else:
    Connection = asyncpg.Connection

RENAME = "update organizations set name = 'Acme before' where id = $1"
CUSTOMER = "select stripe_customer_id from organizations where id = $1"


def first_requests(system: System) -> list[tuple[str, Json]]:
    """Everything that needs a customer: path and body, each another request."""
    acme: Json = {"organization_id": str(system.world.acme)}
    order: Json = {**acme, "amount": "20", "currency": "eur"}
    return [
        ("payments/checkout", order),
        ("payments/checkout", {**order, "amount": "30"}),
        ("payments/subscriptions", {**order, "interval": "month"}),
        ("payments/methods", {**acme, "link": True}),
        ("payments/methods", {**acme, "payment_method_id": "pm_card_visa"}),
        ("customers", acme),
    ]


async def send_all(system: System, name: str) -> list[Json]:
    """Send all of them at once, with keys of this name."""
    return await asyncio.gather(
        *(
            post(system, path, f"{name} {place}", ANA, **body)
            for place, (path, body) in enumerate(first_requests(system))
        )
    )


async def customer_of(system: System, owner: Connection) -> str | None:
    """Stripe's id of Acme's customer."""
    customer: str | None = await owner.fetchval(CUSTOMER, system.world.acme)
    return customer


async def make_and_lose(system: System) -> str:
    """Have Stripe make the customer, and die before its id is written down; no webhook comes."""
    await system.sandbox("POST", "/stripe/faults", drop=True)
    row = await sql_customers.get_customer_for_service(
        system.services.database, organization_id=system.world.acme
    )
    return (await system.services.stripe.create_customer(row)).id


async def a_day_later(system: System, owner: Connection) -> None:
    """Stripe has forgotten its keys, and we asked more than a day ago."""
    await system.sandbox("POST", "/stripe/idempotency_keys/forget")
    await owner.execute(
        "update private.stripe_requests set first_sent_at = first_sent_at - interval '25 hours'"
    )


async def test_first_requests_at_once_make_one_customer(system: System, owner: Connection) -> None:
    # Slower than the database: each of them asks Stripe before the first has its answer.
    await system.sandbox("POST", "/stripe/faults", api_slow=0.3)
    answers = await send_all(system, "first")
    assert {answer["http"] for answer in answers} <= {200, 201}, answers
    assert made(system, "customer") == 1
    sessions = [session for _, session in system.store.list("checkout.session")]
    assert {session["customer"] for session in sessions} == {await customer_of(system, owner)}


@pytest.mark.parametrize("lost", [1, 4, 20])
async def test_lost_answers_leave_no_second_customer(
    system: System, owner: Connection, lost: int
) -> None:
    await system.sandbox("POST", "/stripe/faults", drop=True, api_timeout=lost)
    await send_all(system, "first")
    await system.sandbox("POST", "/stripe/faults", drop=True, api_timeout=0)
    answers = await send_all(system, "first")
    assert {answer["http"] for answer in answers} <= {200, 201}, answers
    assert made(system, "customer") == 1


async def test_a_refusal_or_a_500_is_followed_by_one_customer(
    system: System, owner: Connection
) -> None:
    await system.sandbox("POST", "/stripe/faults", lacks=["customer_write"])
    await send_all(system, "refused")
    await system.sandbox("POST", "/stripe/faults", lacks=[], api_500=6)
    await send_all(system, "failed")
    await system.sandbox("POST", "/stripe/faults", api_500=0)
    await send_all(system, "first")
    assert made(system, "customer") == 1


async def test_who_died_between_stripe_and_the_row_gets_the_same_one(
    system: System, owner: Connection
) -> None:
    lost = await make_and_lose(system)
    await send_all(system, "next")
    assert (made(system, "customer"), await customer_of(system, owner)) == (1, lost)


async def test_it_is_looked_for_in_stripes_list_once_the_key_is_forgotten(
    system: System, owner: Connection
) -> None:
    lost = await make_and_lose(system)
    await a_day_later(system, owner)
    await send_all(system, "next")
    assert (made(system, "customer"), await customer_of(system, owner)) == (1, lost)


async def test_the_event_links_it_although_nobody_asks_again(
    system: System, owner: Connection
) -> None:
    lost = await make_and_lose(system)
    for _ in range(2):
        await reconcile.reconcile_all(system.services)
        assert await customer_of(system, owner) == lost
    assert made(system, "customer") == 1


@pytest.mark.parametrize("later", [False, True])
async def test_a_database_from_before_it_was_made_finds_it(
    system: System, owner: Connection, later: bool
) -> None:
    lost = await make_and_lose(system)
    # Nothing of it is left here, and the organization had another name.
    await owner.execute("delete from private.stripe_requests")
    await owner.execute(RENAME, system.world.acme)
    if later:
        await system.sandbox("POST", "/stripe/idempotency_keys/forget")
        await owner.execute(
            "update private.installation set events_read_until = now() - interval '2 days'"
        )
    await send_all(system, "again")
    assert (made(system, "customer"), await customer_of(system, owner)) == (1, lost)


@pytest.mark.parametrize("is_listed", [False, True])  # Stripe's list is read where events were not
async def test_a_customer_that_was_deleted_at_stripe_does_not_come_back(
    system: System, owner: Connection, is_listed: bool
) -> None:
    await send_all(system, "first")
    gone = await customer_of(system, owner)
    assert gone
    system.store.put("customer", gone, {"id": gone, "object": "customer", "deleted": True})
    await send_all(system, "notices")
    if is_listed:
        await owner.execute(
            "update private.installation set events_read_until = now() - interval '2 days'"
        )
    await send_all(system, "next")
    assert await customer_of(system, owner) not in (None, gone)
    assert made(system, "customer") == 2


async def test_an_event_that_waited_does_not_bring_a_deleted_customer_back(
    system: System, owner: Connection
) -> None:
    later = "update stripe_events set handled_at = handled_at - interval '2 minutes'"
    await post(system, "customers", None, ANA, organization_id=str(system.world.acme))
    [(_, customer)] = system.store.list("customer")
    await system.sandbox("POST", "/stripe/faults", drop=True, unreadable=["customer"])
    assert (await deliver(system, event("customer.updated", customer)))[0] == 503
    await owner.execute(later)
    await reconcile.reconcile_all(system.services)  # Stripe is still away, and the event waits
    await system.sandbox("POST", "/stripe/faults", unreadable=[])
    deleted = {"id": customer["id"], "object": "customer", "deleted": True}
    system.store.put("customer", customer["id"], deleted)
    assert (await deliver(system, event("customer.deleted", deleted)))[0] == 200
    assert await customer_of(system, owner) is None
    await owner.execute(later)
    await reconcile.reconcile_all(system.services)
    assert await customer_of(system, owner) is None
