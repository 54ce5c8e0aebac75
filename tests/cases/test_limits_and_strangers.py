"""What one may not ask too often or too late, and what strangers do not reach.

Each of these fails without the line of the product that it is about.
"""

from typing import TYPE_CHECKING, Any
from uuid import UUID

import asyncpg
import pytest
from limits import RateLimitItemPerMinute

from backend import failures
from backend.database.protocol import SERVICE
from backend.errors import TooManyRequests
from backend.http import rate_limits
from backend.http.route import Route
from backend.http.routes import ROUTES
from tests.backend.conftest import ANA, EVE, System
from tests.backend.payments.test_charges import Json, charge, post, saved
from tests.backend.payments.test_refunds import credited
from tests.backend.subscriptions.test_subscriptions import start
from tests.cases.test_removed_requesters import REFUSES, posts, request_api

if TYPE_CHECKING:
    Connection = asyncpg.Connection[Any]
else:
    Connection = asyncpg.Connection

ANYBODY = "00000000-0000-4000-8000-000000000000"


async def stripe_calls(system: System) -> int:
    calls = (await system.sandbox("GET", "/recorded?limit=1000"))["calls"]
    return sum(call["path"].startswith("/v1/") for call in calls)


async def test_a_strangers_check_does_not_reach_stripe(system: System, owner: Connection) -> None:
    payment, recurring = await system.topup(), await start(system)
    more = {"organization_id": str(system.world.acme), "link": True}
    link = (await post(system, "payments/methods", "link", ANA, **more))["link"]
    before = await stripe_calls(system)
    for path in (
        f"payments/{payment}/check",
        f"payments/subscriptions/{recurring.id}/check",
        f"payments/methods/links/{link['link_id']}/check",
    ):
        assert await request_api(system, "POST", path, EVE) == 404
    assert await stripe_calls(system) == before
    # Nor may a stranger have anything ended or sent back there.
    assert await request_api(system, "POST", f"payments/{payment}/cancel", EVE) == 404
    assert await request_api(system, "POST", f"payments/{payment}/refund", EVE, amount="1") == 404
    assert await request_api(system, "DELETE", f"payments/subscriptions/{recurring.id}", EVE) == 404
    assert await stripe_calls(system) == before


def calls_stripe(route: Route) -> bool:
    """Whether a route may answer that Stripe did not."""
    unclear = (failures.StripeUnavailable, failures.ChargeUnclear)
    return any(failure in unclear for failure in route.raises)


@pytest.mark.parametrize(
    "route",
    [route for route in ROUTES if calls_stripe(route)],
    ids=lambda route: f"{route.method} {route.path}",
)
async def test_whoever_may_have_stripe_asked_has_a_limit(
    system: System, monkeypatch: pytest.MonkeyPatch, route: Route
) -> None:
    monkeypatch.setattr(rate_limits, "LIMIT_PER_PERSON", RateLimitItemPerMinute(1))
    path = route.path.replace("{id}", ANYBODY).removeprefix("/api/")
    statuses = [await request_api(system, route.method, path) for _ in range(2)]
    assert statuses[0] != 429
    assert statuses[1] == 429


async def test_a_page_that_stripe_would_not_open_any_more_is_not_asked_for(
    system: System, owner: Connection
) -> None:
    await system.sandbox("POST", "/stripe/faults", **REFUSES)
    order = {"organization_id": str(system.world.acme), "amount": "50", "currency": "eur"}
    assert (await post(system, "payments/checkout", "k", ANA, **order))["http"] == 503
    await system.sandbox("POST", "/stripe/faults", api_429=0)
    before = (await posts(system)).count("/v1/checkout/sessions")
    left = "update payments set expires_at = date_trunc('second', now()) + $1 * interval '1 second'"
    await owner.execute(left, 60 * 31 - 1)
    refused = await post(system, "payments/checkout", "k", ANA, **order)
    assert (refused["http"], refused["error"]["facts"]) == (409, {"status": "expired"})
    assert (await posts(system)).count("/v1/checkout/sessions") == before
    await owner.execute(left, 60 * 32)
    assert (await post(system, "payments/checkout", "k", ANA, **order))["http"] == 201


async def test_a_recurring_page_that_stripe_would_not_open_any_more_is_not_asked_for(
    system: System, owner: Connection
) -> None:
    await system.sandbox("POST", "/stripe/faults", **REFUSES)
    order: Json = {"organization_id": str(system.world.acme), "amount": "50", "interval": "month"}
    answer = await post(system, "payments/subscriptions", "k", ANA, **order)
    assert answer["http"] == 503
    await system.sandbox("POST", "/stripe/faults", api_429=0)
    if not await owner.fetchval("select count(*) from subscriptions"):
        await system.services.database.call(
            "create_subscription", system.world.ana, organization_id=system.world.acme,
            terms={"amount": "50", "interval": "month", "currency": "eur"}, idempotency_key="k",
        )  # fmt: skip
    left = "update subscriptions set expires_at = now() + $1 * interval '1 second'"
    await owner.execute(left, 60 * 31 - 1)
    refused = await post(system, "payments/subscriptions", "k", ANA, **order)
    assert (refused["http"], refused["error"]["code"]) == (409, "subscription_over")
    assert "/v1/checkout/sessions" not in await posts(system)


async def copies(owner: Connection, table: str, number: int) -> None:
    """So many more rows like the only one of a table, made now."""
    columns = [
        row["attname"]
        for row in await owner.fetch(
            "select attname from pg_attribute where attrelid = $1::regclass and attnum > 0"
            " and not attisdropped and attidentity = ''",
            table,
        )
    ]
    fresh = {"id": "gen_random_uuid()", "idempotency_key": "gen_random_uuid()::text"}
    fresh |= dict.fromkeys(
        (
            "stripe_checkout_session_id", "stripe_payment_intent_id", "stripe_subscription_id",
            "stripe_refund_id",
        ),
        "null",
    )  # fmt: skip
    values = ", ".join(fresh.get(column, column) for column in columns)
    await owner.execute(
        f"insert into {table} ({', '.join(columns)})"  # noqa: S608
        f" select {values} from (select * from {table} limit 1) as it, generate_series(1, $1)",
        number,
    )


async def refused(system: System, function: str, **arguments: Any) -> bool:
    """Whether somebody who asks once more is told to wait."""
    try:
        await system.services.database.call(function, system.world.ana, **arguments)
    except TooManyRequests:
        return True
    return False


@pytest.mark.parametrize(
    ("table", "most"),
    [("payments", 60), ("refunds", 60), ("subscriptions", 20), ("setup_links", 20)],
)
async def test_so_many_in_ten_minutes_and_no_more(
    system: System, owner: Connection, table: str, most: int
) -> None:
    acme = {"organization_id": system.world.acme}
    terms = {"amount": 5000, "currency": "eur"}
    calls: dict[str, tuple[str, Json]] = {
        "payments": ("create_payment", {**acme, **terms}),
        "subscriptions": ("create_subscription", {**acme, "terms": {**terms, "interval": "month"}}),
        "setup_links": ("create_setup_link", acme),
        "refunds": ("create_refund", {"amount": 100}),
    }
    function, arguments = calls[table]
    if table == "refunds":
        arguments["payment_id"] = await credited(system)

    async def once_more(number: int) -> bool:
        return await refused(system, function, **arguments, idempotency_key=str(number))

    assert not await once_more(1)
    if table == "refunds":  # none of them holds anything
        await owner.execute("update refunds set status = 'failed', stripe_refund_id = 're_1'")
    await copies(owner, table, most - 2)
    assert not await once_more(2)
    assert await once_more(3)
    await owner.execute(f"update {table} set created_at = now() - interval '599 seconds'")  # noqa: S608
    assert await once_more(3)
    await owner.execute(f"update {table} set created_at = now() - interval '601 seconds'")  # noqa: S608
    assert not await once_more(3)


async def test_cards_that_are_tried_out_have_the_same_limit(
    system: System, owner: Connection
) -> None:
    arguments = {"organization_id": system.world.acme}
    for _ in range(20):
        assert not await refused(system, "request_payment_method_addition", **arguments)
    assert await refused(system, "request_payment_method_addition", **arguments)


async def test_a_charge_of_nine_minutes_ago_may_be_sent_and_one_of_ten_not(
    system: System, owner: Connection
) -> None:
    await saved(system)
    await system.sandbox("POST", "/stripe/faults", drop=True, **REFUSES)
    assert (await charge(system, "k"))["http"] == 503
    await system.sandbox("POST", "/stripe/faults", api_429=0)
    payment: UUID = await owner.fetchval("select id from payments")
    age = "update payments set created_at = now() - $1 * interval '1 second'"
    await owner.execute(age, 590)
    claim = await system.services.database.call("claim_charge", SERVICE, payment_id=payment)
    assert claim["claimed"]
    await owner.execute("update payments set sending_until = null")
    await owner.execute(age, 600)
    claim = await system.services.database.call("claim_charge", SERVICE, payment_id=payment)
    assert (claim["claimed"], claim["status"]) == (False, "expired")


async def test_an_old_event_that_failed_is_given_up_at_the_fifth_try_not_before(
    system: System, owner: Connection
) -> None:
    event = {
        "id": "evt_old", "type": "test", "livemode": False, "created": 1_790_000_000,
        "fact": {"about": "payment", "outcome": "unreadable"},
    }  # fmt: skip
    states = []
    for _ in range(5):
        [result] = await system.services.database.call("receive_events", SERVICE, events=[event])
        states.append(result["state"])
        await owner.execute("update stripe_events set received_at = now() - interval '2 hours'")
    assert states == ["failed"] * 4 + ["dead_letter"]
