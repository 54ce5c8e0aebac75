"""Money that somebody asked for who may not ask for it any more, when a retry comes.

Whoever was removed, demoted or has left asks Stripe for nothing new, whatever comes after: the
reconciler, a return page, their own repeat. What Stripe did already is recorded.
"""

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

import asyncpg
import pytest

from backend.schemas import Payment
from backend.stripe import reconcile
from tests.backend.conftest import ANA, BEN, System, token
from tests.backend.payments.test_charges import Json, balance, charge, post, saved

if TYPE_CHECKING:
    Connection = asyncpg.Connection[Any]
else:
    Connection = asyncpg.Connection

WAYS = ("removed", "demoted", "left")
REFUSES = {"api_429": 30}
LOST = {"drop": True, "api_timeout": 3}
CALM = {"api_429": 0, "api_timeout": 0, "drop": True}


async def request_api(system: System, method: str, path: str, user: int = ANA, **body: Any) -> int:
    """One call as somebody; the status of the answer."""
    headers = {"Authorization": f"Bearer {token(sub=str(user))}", "Idempotency-Key": "k"}
    call = system.http.request(
        method, f"{system.url}/api/{path}", json=body or None, headers=headers
    )
    async with call as answer:
        return answer.status


async def becomes_admin(owner: Connection) -> None:
    await owner.execute("update memberships set role = 'admin' where role = 'member'")


async def loses(system: System, owner: Connection, way: str) -> None:
    """Ben is an admin no more."""
    ben = await owner.fetchval("select id from private.users where telegram_id = $1", BEN)
    member = f"organizations/{system.world.acme}/members/{ben}"
    if way == "demoted":
        assert await request_api(system, "PATCH", member, role="member") == 200
    else:
        who = BEN if way == "left" else ANA
        assert await request_api(system, "DELETE", member, who) in (200, 204)


async def posts(system: System) -> list[str]:
    """Where Stripe was asked to change anything."""
    calls = (await system.sandbox("GET", "/recorded?limit=1000"))["calls"]
    return [c["path"] for c in calls if c["path"].startswith("/v1/") and c["method"] != "GET"]


async def page(system: System, path: str) -> None:
    """A stranger opens a return page."""
    async with system.http.get(system.url + path) as answer:
        assert answer.status == 200


async def minutes_later(system: System, owner: Connection, minutes: int = 2) -> None:
    """The reconciler comes, so many minutes later."""
    for table in ("payments", "refunds", "subscriptions"):
        more = ", refetched_at = refetched_at - $1::interval" if table == "subscriptions" else ""
        await owner.execute(
            f"update {table} set created_at = created_at - $1::interval{more}",  # noqa: S608
            timedelta(minutes=minutes),
        )
    await owner.execute("update payments set checked_at = null")
    await reconcile.reconcile_all(system.services)


async def only_payment(system: System, owner: Connection) -> Payment:
    return await system.see(await owner.fetchval("select id from payments"))


async def unclear(system: System, owner: Connection, faults: Json) -> UUID:
    """Ben charges the card, and nobody hears what came of it."""
    await saved(system)
    await becomes_admin(owner)
    await system.sandbox("POST", "/stripe/faults", **faults)
    answer = await charge(system, "77", BEN, amount="77")
    assert (answer["http"], answer["error"]["code"]) == (503, "charge_unclear")
    await system.sandbox("POST", "/stripe/faults", **CALM)
    payment: UUID = await owner.fetchval("select id from payments")
    return payment


@pytest.mark.parametrize("way", WAYS)
async def test_a_charge_that_stripe_did_not_take_is_charged_for_nobody_without_the_role(
    system: System, owner: Connection, way: str
) -> None:
    payment = await unclear(system, owner, REFUSES)
    await loses(system, owner, way)
    before = await posts(system)
    await page(system, f"/pay/{payment}/return")
    await request_api(system, "POST", f"payments/{payment}/check", ANA)
    assert (await charge(system, "77", BEN, amount="77"))["http"] in (403, 404)
    await minutes_later(system, owner)
    assert (await posts(system), await balance(owner)) == (before, 0)
    assert (await system.see(payment)).status == "canceled"
    shown = "select count(*) from notifications where kind = 'payment_shown' and payment_id = $1"
    notified = await owner.fetchval(shown, payment)
    assert notified == (0 if way in ("removed", "left") else 1)


async def test_an_owners_cancel_ends_what_stripe_did_not_take(
    system: System, owner: Connection
) -> None:
    payment = await unclear(system, owner, REFUSES)
    await loses(system, owner, "removed")
    before = await posts(system)
    assert await request_api(system, "POST", f"payments/{payment}/cancel") == 200
    assert (await system.see(payment)).status == "canceled"
    await page(system, f"/pay/{payment}/return")
    await minutes_later(system, owner)
    assert (await posts(system), await balance(owner)) == (before, 0)


async def test_a_canceled_charge_is_not_repeated_by_who_asked_for_it(
    system: System, owner: Connection
) -> None:
    payment = await unclear(system, owner, REFUSES)
    assert await request_api(system, "POST", f"payments/{payment}/cancel") == 200
    before = await posts(system)
    again = await charge(system, "77", BEN, amount="77")
    assert (again["http"], again["status"]) == (201, "canceled")
    assert await posts(system) == before


@pytest.mark.parametrize("comes", ["cancel", "page", "reconciler"])
async def test_what_stripe_did_is_recorded_whoever_has_lost_the_role(
    system: System, owner: Connection, comes: str
) -> None:
    payment = await unclear(system, owner, LOST)
    await loses(system, owner, "removed")
    before = await posts(system)
    if comes == "cancel":
        assert await request_api(system, "POST", f"payments/{payment}/cancel") == 200
    elif comes == "page":
        await page(system, f"/pay/{payment}/return")
    else:
        await minutes_later(system, owner)
    assert (await system.see(payment)).status == "succeeded"
    assert (await posts(system), await balance(owner)) == (before, 7700)


async def created_over_rest(system: System, owner: Connection) -> UUID:
    """A charge's row that Ben makes with his own token, as PostgREST carries it to the database."""
    await saved(system)
    await becomes_admin(owner)
    made = await system.services.database.call(
        "create_payment", system.world.ben, organization_id=system.world.acme, amount=7700,
        currency="eur", idempotency_key="rest", flow="charge",
    )  # fmt: skip
    return UUID(made["id"])


@pytest.mark.parametrize("way", WAYS)
async def test_a_row_made_over_rest_is_not_carried_out_for_who_lost_the_role(
    system: System, owner: Connection, way: str
) -> None:
    payment = await created_over_rest(system, owner)
    await loses(system, owner, way)
    before = await posts(system)
    await page(system, f"/pay/{payment}/return")
    await minutes_later(system, owner)
    assert (await system.see(payment)).status == "canceled"
    assert await posts(system) == before


async def test_a_row_made_over_rest_ends_when_it_is_canceled_over_rest(
    system: System, owner: Connection
) -> None:
    payment = await created_over_rest(system, owner)
    before = await posts(system)
    await system.services.database.call(
        "request_payment_cancel", system.world.ana, payment_id=payment
    )
    assert (await system.see(payment)).status == "canceled"
    await minutes_later(system, owner)
    assert await posts(system) == before


async def test_no_stranger_starts_a_charge_and_the_reconciler_does_so_once(
    system: System, owner: Connection
) -> None:
    payment = await created_over_rest(system, owner)
    before = await posts(system)
    for _ in range(3):
        await page(system, f"/pay/{payment}/return")
    assert await posts(system) == before
    for _ in range(2):
        await minutes_later(system, owner)
    assert await posts(system) == [*before, "/v1/payment_intents"]
    assert ((await system.see(payment)).status, await balance(owner)) == ("succeeded", 7700)


async def test_what_stripe_was_not_asked_for_in_ten_minutes_is_over(
    system: System, owner: Connection
) -> None:
    payment = await unclear(system, owner, REFUSES)
    before = await posts(system)
    await minutes_later(system, owner, 10)
    assert (await system.see(payment)).status == "expired"
    again = await charge(system, "77", BEN, amount="77")
    assert (again["http"], again["status"]) == (201, "expired")
    assert await posts(system) == before
    shown = "select count(*) from notifications where kind = 'payment_shown' and payment_id = $1"
    assert await owner.fetchval(shown, payment) == 1


async def test_a_late_repeat_alone_finds_out_and_charges_nothing(
    system: System, owner: Connection
) -> None:
    await unclear(system, owner, REFUSES)
    before = await posts(system)
    await owner.execute("update payments set created_at = created_at - interval '11 minutes'")
    assert (await charge(system, "77", BEN, amount="77"))["status"] == "expired"
    assert await posts(system) == before


async def test_a_late_repeat_reads_what_stripe_did_and_asks_for_nothing(
    system: System, owner: Connection
) -> None:
    await unclear(system, owner, LOST)
    before = await posts(system)
    await owner.execute("update payments set created_at = created_at - interval '11 minutes'")
    assert (await charge(system, "77", BEN, amount="77"))["status"] == "succeeded"
    assert (await posts(system), await balance(owner)) == (before, 7700)


async def test_a_cancel_while_stripe_charges_is_no_lie_and_the_answer_counts(
    system: System, owner: Connection
) -> None:
    await saved(system)
    await system.sandbox("POST", "/stripe/faults", drop=True, api_slow=1.5)
    charging = asyncio.create_task(charge(system, "slow"))
    async with asyncio.timeout(10):
        while not await owner.fetchval("select count(*) from payments where sent_at is not null"):
            await asyncio.sleep(0.05)
    payment = await owner.fetchval("select id from payments")
    status = await request_api(system, "POST", f"payments/{payment}/cancel")
    assert (await charging)["status"] == "succeeded"
    # It was not there yet, or it was: never is it called canceled while it is being charged.
    assert (status, await balance(owner)) in [(409, 5000), (200, 5000)]
    assert (await system.see(payment)).status == "succeeded"


async def test_a_page_that_was_canceled_while_stripe_made_it_is_closed(
    system: System, owner: Connection
) -> None:
    await system.sandbox("POST", "/stripe/faults", api_slow=1.5)
    requested = asyncio.create_task(
        post(system, "payments/checkout", "slow", ANA, organization_id=str(system.world.acme),
             amount="50", currency="eur")
    )  # fmt: skip
    async with asyncio.timeout(20):
        while not list(system.store.list("checkout.session")):
            await asyncio.sleep(0.05)
    assert await owner.fetchval("select status from payments") == "created"
    payment = await owner.fetchval("select id from payments")
    assert await request_api(system, "POST", f"payments/{payment}/cancel") == 200
    await requested
    await system.sandbox("POST", "/stripe/faults", api_slow=0)
    [session] = system.store.list("checkout.session")
    assert session[1]["status"] == "expired"
    assert (await system.see(payment)).status == "canceled"


@pytest.mark.parametrize("way", WAYS)
async def test_an_open_page_is_closed_when_who_opened_it_has_lost_the_role(
    system: System, owner: Connection, way: str
) -> None:
    await becomes_admin(owner)
    payment = await system.topup(user=BEN)
    await loses(system, owner, way)
    await page(system, f"/pay/{payment}/return")
    [session] = system.store.list("checkout.session")
    assert session[1]["status"] == "open"  # a stranger changes nothing
    await minutes_later(system, owner)
    [session] = system.store.list("checkout.session")
    assert session[1]["status"] == "expired"
    assert (await system.see(payment)).status in ("canceled", "expired")
