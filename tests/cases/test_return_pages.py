"""Return pages only show: a stranger's visits read one object at Stripe and change nothing."""

from typing import TYPE_CHECKING, Any
from uuid import UUID

import asyncpg

from backend.stripe import reconcile
from tests.backend.conftest import ANA, BEN, SUCCESS, System
from tests.backend.payments.test_charges import post, saved
from tests.backend.subscriptions.test_subscriptions import start
from tests.cases.test_removed_requesters import becomes_admin, loses, page, request_api

if TYPE_CHECKING:
    Connection = asyncpg.Connection[Any]
else:
    Connection = asyncpg.Connection

WEBHOOK_PATH = "payments/subscriptions"


async def stripe_calls_after(system: System, since: int = 0) -> list[tuple[str, str]]:
    """What Stripe was asked after the first so many calls: method and path."""
    calls = (await system.sandbox("GET", "/recorded?limit=1000"))["calls"]
    return [(c["method"], c["path"]) for c in calls if c["path"].startswith("/v1/")][since:]


async def test_a_recurring_top_ups_page_asks_stripe_every_three_seconds_at_most(
    system: System, owner: Connection
) -> None:
    made = await start(system)
    before = len(await stripe_calls_after(system))
    for _ in range(4):
        await page(system, f"/recurring/{made.id}/return")
    [(method, path)] = await stripe_calls_after(system, before)
    assert (method, path.rpartition("/")[0]) == ("GET", "/v1/checkout/sessions")
    await owner.execute("update subscriptions set checked_at = now() - interval '3 seconds'")
    await page(system, f"/recurring/{made.id}/return")
    assert await request_api(system, "POST", f"{WEBHOOK_PATH}/{made.id}/check") == 200
    assert len(await stripe_calls_after(system, before)) == 2


async def test_a_stranger_ends_no_recurring_top_up_that_somebody_wants_to_end(
    system: System, owner: Connection
) -> None:
    made = await start(system)
    which = {"subscription_id": made.id, "changes": {"canceled": True}}
    await system.services.database.call("request_subscription_change", system.world.ana, **which)
    before = len(await stripe_calls_after(system))
    await page(system, f"/recurring/{made.id}/return")
    assert [method for method, _ in await stripe_calls_after(system, before)] == ["GET"]
    await owner.execute(
        "update subscriptions set refetched_at = refetched_at - interval '6 minutes'"
    )
    await reconcile.reconcile_all(system.services)
    [session] = system.store.list("checkout.session")
    assert session[1]["status"] == "expired"


async def test_the_pages_of_cards_and_of_the_portal_change_nothing_at_stripe(
    system: System, owner: Connection
) -> None:
    await saved(system)
    await system.sandbox("POST", "/stripe/faults", drop=True)
    acme = str(system.world.acme)
    more = {"organization_id": acme, "link": True, "set_as_default": True}
    link = (await post(system, "payments/methods", "link", ANA, **more))["link"]
    session = link["url"].rpartition("/")[2]
    await system.sandbox("POST", f"/stripe/sessions/{session}/pay", card=SUCCESS)
    await owner.execute(
        "update private.payment_method_syncs set refetched_at = now() - interval '1 minute'"
    )
    before = len(await stripe_calls_after(system))
    await page(system, f"/cards/{acme}/portal")
    # As if asked just now, however slow this machine is: a second look would come too soon.
    await owner.execute(
        "update private.payment_method_syncs set refetched_at = now() + interval '1 minute'"
    )
    await page(system, f"/cards/{acme}/portal")
    await owner.execute(
        "update private.payment_method_syncs set refetched_at = now() - interval '1 minute'"
    )
    await page(system, f"/cards/{link['link_id']}/return")
    calls = await stripe_calls_after(system, before)
    assert {method for method, _ in calls} == {"GET"}
    # One look at the customer and what they have, one at the page.
    assert len(calls) == 3
    await reconcile.reconcile_all(system.services)
    [row] = await owner.fetch("select state from setup_links")
    assert row["state"] in ("added", "known")


async def test_a_page_of_a_late_intent_leaves_its_end_to_the_reconciler(
    system: System, owner: Connection
) -> None:
    acme = str(system.world.acme)
    order = {"organization_id": acme, "amount": "50", "currency": "eur"}
    made = await post(system, "payments/create-intent", "intent", ANA, **order)
    await owner.execute(
        "update payments set created_at = now() - interval '2 hours',"
        " expires_at = now() - interval '1 hour'"
    )
    before = len(await stripe_calls_after(system))
    await page(system, f"/pay/{made['payment_id']}/return")
    assert [method for method, _ in await stripe_calls_after(system, before)] == ["GET"]
    await owner.execute("update payments set checked_at = null")
    await reconcile.reconcile_all(system.services)
    assert (await system.see(UUID(made["payment_id"]))).status == "expired"


async def test_a_card_that_a_removed_admin_adds_is_not_made_the_default(
    system: System, owner: Connection
) -> None:
    await saved(system, "mastercard")
    await system.sandbox("POST", "/stripe/faults", drop=True)
    await becomes_admin(owner)
    more = {"organization_id": str(system.world.acme), "link": True, "set_as_default": True}
    link = (await post(system, "payments/methods", "link", BEN, **more))["link"]
    await loses(system, owner, "removed")
    session = link["url"].rpartition("/")[2]
    await system.sandbox("POST", f"/stripe/sessions/{session}/pay", card=SUCCESS)
    await page(system, f"/cards/{link['link_id']}/return")
    await reconcile.reconcile_all(system.services)
    rows = await owner.fetch("select brand, is_default from payment_methods where is_active")
    assert {(row["brand"], row["is_default"]) for row in rows} == {
        ("mastercard", True),
        ("visa", False),
    }
