"""Somebody keeps the rows of one organization locked: that stops this one and nobody else."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

import pytest

from backend.database import locked_organizations
from backend.schemas import CheckoutRequest
from backend.stripe import reconcile
from tests.backend.conftest import ANA, EVE, System, token
from tests.backend.stripe.test_webhooks import signed
from tests.cases.stripe_objects import Connection, Json
from tests.database.sessions import session

PAYMENTS = 12  # of the locked organization; Stripe sends three events or more of each
LOCKS = (
    "select from accounts where organization_id = $1 order by id for update",
    "select from payments where organization_id = $1 order by id for update",
)
LATER = "update stripe_events set handled_at = handled_at - interval '2 minutes'"
CREDITING = ("checkout.session.completed", "payment_intent.succeeded")
SECONDS = 20  # in which others are served, where waiting behind the lock would take longer


@pytest.fixture
async def globex(system: System, owner: Connection) -> UUID:
    """Eve's organization."""
    value: UUID = await owner.fetchval(
        "with made as (insert into organizations (name) values ('Globex') returning id)"
        " insert into memberships select made.id, u.id, 'owner' from made, private.users as u"
        " where u.telegram_id = 1003 returning organization_id"
    )
    return value


@asynccontextmanager
async def locked(url: str, organization: UUID, *queries: str) -> AsyncIterator[None]:
    """Keep rows of an organization locked for the length of the block."""
    async with session(url) as holder:
        for query in queries or LOCKS:
            await holder.fetch(query, organization)
        yield


async def pay(system: System, organization: UUID, user: int, key: str) -> UUID:
    """Have somebody pay EUR 50 at Stripe, of which no webhook comes."""
    await system.sandbox("POST", "/stripe/faults", drop=True)
    request = CheckoutRequest(organization_id=organization, amount="50", currency="eur")
    made = await system.client.create_checkout(user, request, idempotency_key=key)
    await system.pay(made.payment_id)
    return made.payment_id


def events_of(system: System, payments: list[UUID]) -> list[Json]:
    """Return Stripe's events about payments: those that name them, or their intent."""
    names = {str(payment) for payment in payments}
    intents = {
        intent["id"]
        for _, intent in system.store.list("payment_intent")
        if intent["metadata"].get("pursebot_payment_id") in names
    }
    return [
        event
        for _, event in system.store.list("event")
        if names & {event["data"]["object"].get("metadata", {}).get("pursebot_payment_id")}
        or intents & {event["data"]["object"].get("payment_intent"), event["data"]["object"]["id"]}
    ]


async def deliver(system: System, event: Json) -> tuple[int, str | None]:
    """Deliver an event, signed; return the status and the header Retry-After."""
    raw = json.dumps(event).encode()
    headers = {"Stripe-Signature": signed(raw), "Content-Type": "application/json"}
    path = f"{system.url}/api/payments/webhook"
    async with system.http.post(path, data=raw, headers=headers) as answer:
        return answer.status, answer.headers.get("Retry-After")


async def request_api(
    system: System, user: int, method: str, path: str, key: str = "k"
) -> tuple[int, str | None]:
    """Call the API as somebody; return the status and the header Retry-After."""
    headers = {"Authorization": f"Bearer {token(sub=str(user))}", "Idempotency-Key": key}
    async with system.http.request(method, f"{system.url}/{path}", headers=headers) as answer:
        return answer.status, answer.headers.get("Retry-After")


async def somebody_waits(owner: Connection) -> None:
    """Wait until a call of the backend waits for a lock."""
    query = (
        "select count(*) from pg_stat_activity where datname = current_database()"
        " and application_name = 'pursebot' and wait_event_type = 'Lock'"
    )
    async with asyncio.timeout(60):
        while not await owner.fetchval(query):
            await asyncio.sleep(0.01)


async def balance(owner: Connection, organization: UUID) -> int:
    """Return what an organization's wallet has, in cents."""
    query = (
        "select coalesce(sum(balance), 0) from accounts"
        " where organization_id = $1 and kind = 'wallet'"
    )
    return int(await owner.fetchval(query, organization))


async def notified_payments(system: System) -> set[UUID]:
    """Claim notifications as the bot does; return the payments that they are about."""
    claimed = await system.client.claim_notifications(wait=5)
    return {each.payment.id for each in claimed.notifications if each.payment}


@pytest.mark.slow
async def test_others_are_credited_notified_and_answered_meanwhile(
    system: System,
    owner: Connection,
    database_url: str,
    globex: UUID,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(locked_organizations, "PATIENCE_SECONDS", 120)  # also on a busy machine
    acme = system.world.acme
    mine = [await pay(system, acme, ANA, str(number)) for number in range(PAYMENTS)]
    theirs = await pay(system, globex, EVE, "eve")
    await owner.execute("delete from notifications")  # what was to be shown before
    events = events_of(system, mine)
    assert len(events) >= 3 * PAYMENTS
    async with locked(database_url, acme):
        deliveries = [asyncio.create_task(deliver(system, event)) for event in events]
        waiting = [
            delivery
            for event, delivery in zip(events, deliveries, strict=True)
            if event["type"] in CREDITING
        ]
        await somebody_waits(owner)
        for event in events_of(system, [theirs]):
            assert (await deliver(system, event))[0] == 200
        assert await balance(owner, globex) == 5000
        assert await notified_payments(system) == {theirs}
        assert (await request_api(system, EVE, "GET", "ready"))[0] == 200
        await pay(system, globex, EVE, "eve again")
        assert not any(delivery.done() for delivery in waiting)
        assert await balance(owner, acme) == 0
    assert {status for status, _ in await asyncio.gather(*deliveries)} == {200}
    assert await balance(owner, acme) == 5000 * PAYMENTS


async def test_what_is_locked_for_long_is_refused_recorded_and_applied_later(
    system: System, owner: Connection, database_url: str
) -> None:
    acme = system.world.acme
    events = events_of(system, [await pay(system, acme, ANA, "key")])
    crediting = [event for event in events if event["type"] in CREDITING]
    async with locked(database_url, acme):
        answers = await asyncio.gather(*(deliver(system, event) for event in crediting))
        assert answers == [(503, "5")] * len(CREDITING)
    # The reconciler applies them, and Stripe's next try finds that it is done.
    await owner.execute(LATER)
    await reconcile.reconcile_all(system.services)
    assert await balance(owner, acme) == 5000
    assert {(await deliver(system, event))[0] for event in events} == {200}
    assert await balance(owner, acme) == 5000


@pytest.mark.slow
async def test_people_of_others_are_answered_while_those_of_the_locked_one_are_told_to_wait(
    system: System, owner: Connection, database_url: str, globex: UUID
) -> None:
    await system.sandbox("POST", "/stripe/faults", drop=True)
    mine = [await system.topup(key=str(number)) for number in range(8)]
    async with locked(database_url, system.world.acme):
        cancels = [
            asyncio.create_task(request_api(system, ANA, "POST", f"api/payments/{id}/cancel"))
            for id in mine
        ]
        await somebody_waits(owner)
        async with asyncio.timeout(SECONDS):
            for number in range(8):
                await pay(system, globex, EVE, str(number))
            for user, organization in ((EVE, globex), (ANA, system.world.acme)):  # who only reads
                path = f"api/organizations/{organization}/wallets"
                assert (await request_api(system, user, "GET", path))[0] == 200
        assert set(await asyncio.gather(*cancels)) == {(503, "5")}
    cancels = [
        asyncio.create_task(request_api(system, ANA, "POST", f"api/payments/{id}/cancel"))
        for id in mine
    ]
    assert {status for status, _ in await asyncio.gather(*cancels)} == {200}


async def test_a_lock_that_is_soon_released_costs_nothing_but_time(
    system: System, owner: Connection, database_url: str
) -> None:
    acme = system.world.acme
    mine = [await pay(system, acme, ANA, str(number)) for number in range(3)]
    async with locked(database_url, acme):
        deliveries = [
            asyncio.create_task(deliver(system, event)) for event in events_of(system, mine)
        ]
        await somebody_waits(owner)
        await asyncio.sleep(1)  # longer than a call waits the first time
    assert {status for status, _ in await asyncio.gather(*deliveries)} == {200}
    assert await balance(owner, acme) == 15000


async def test_the_reconciler_credits_others(
    system: System, owner: Connection, database_url: str, globex: UUID
) -> None:
    acme = system.world.acme
    await pay(system, acme, ANA, "ana")
    await pay(system, globex, EVE, "eve")
    async with locked(database_url, acme):
        async with asyncio.timeout(3 * SECONDS):
            await reconcile.reconcile_all(system.services)
        assert (await balance(owner, acme), await balance(owner, globex)) == (0, 5000)
    await owner.execute(LATER)
    await reconcile.reconcile_all(system.services)
    assert await balance(owner, acme) == 5000


async def test_notifications_of_others_are_handed_out(
    system: System, owner: Connection, database_url: str, globex: UUID
) -> None:
    await pay(system, system.world.acme, ANA, "ana")
    theirs = await pay(system, globex, EVE, "eve")
    rows = (
        "select from notifications as n inner join payments as p on p.id = n.payment_id"
        " where p.organization_id = $1 for update of n"
    )
    async with locked(database_url, system.world.acme, rows, *LOCKS), asyncio.timeout(SECONDS):
        assert await notified_payments(system) == {theirs}
