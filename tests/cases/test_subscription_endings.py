"""An end that is set for a recurring top-up, here, in Stripe's portal or in its dashboard.

Flexible billing mode has it in `cancel_at` alone, classic in `cancel_at_period_end` too.
"""

from typing import Any

import pytest

from backend.schemas import Subscription
from tests.backend.conftest import BEN, System
from tests.backend.subscriptions.test_subscriptions import (
    WEBHOOK_PATH,
    advance,
    begun,
    has_balance,
    has_status,
    request_api,
    see,
    subscription_notifications,
    until,
)
from tests.cases.stripe_objects import Connection, post

Json = dict[str, Any]


def at_stripe(system: System) -> Json:
    [(_, stored)] = system.store.list("subscription")
    return stored


async def in_the_portal(system: System, act: str) -> None:
    """Press a button of Stripe's portal; its event comes twice."""
    await system.sandbox("POST", "/stripe/faults", twice=True)
    organization = str(system.world.acme)
    portal = await request_api(system, "POST", "/api/payments/portal", organization_id=organization)
    page = portal["url"].rpartition("/")[2]
    await system.sandbox(
        "POST", f"/stripe/portal/{page}/{act}", subscription=at_stripe(system)["id"]
    )


async def notifications(owner: Connection) -> list[str]:
    """Return what people were notified of, and let it be delivered: what waits is replaced."""
    listed = await subscription_notifications(owner)
    await owner.execute("update notifications set state = 'delivered' where state = 'pending'")
    return listed


async def ends(system: System, made: Subscription) -> tuple[bool, bool]:
    """Return whether an end is set, and whether it is that of the period."""
    shown = await see(system, made)
    return shown.cancel_at is not None, shown.cancel_at_period_end


async def test_an_end_set_in_the_portal_is_shown_and_notified_once_and_so_is_its_end(
    system: System, owner: Connection
) -> None:
    made = await begun(system)
    assert await notifications(owner) == ["began"]
    await in_the_portal(system, "end")
    assert (at_stripe(system)["cancel_at_period_end"], at_stripe(system)["status"]) == (
        False,
        "active",
    )

    async def is_ending() -> bool:
        return await ends(system, made) == (True, True)

    await until(system, is_ending)
    shown = await see(system, made)
    assert (shown.status, shown.cancel_at) == ("active", shown.current_period_end)
    for _ in range(2):  # another event about it is no news of its end
        await request_api(system, "POST", f"{WEBHOOK_PATH}/{made.id}/check")
    assert await notifications(owner) == ["began", "ending"]
    await advance(system, days=32)
    await until(system, lambda: has_status(system, made, "canceled"))
    assert await has_balance(system, 5000)
    assert await notifications(owner) == ["began", "ending", "ended"]


async def test_an_end_that_is_taken_back_is_notified_once_and_it_goes_on(
    system: System, owner: Connection
) -> None:
    made = await begun(system)
    assert await notifications(owner) == ["began"]
    await in_the_portal(system, "end")

    async def was_set() -> bool:
        return await ends(system, made) == (True, True)

    await until(system, was_set)
    assert await notifications(owner) == ["began", "ending"]
    await in_the_portal(system, "keep")

    async def goes_on() -> bool:
        return await ends(system, made) == (False, False)

    async def was_notified() -> bool:
        return (await notifications(owner))[-1] == "kept"

    await until(system, was_notified)
    assert await goes_on()
    assert await notifications(owner) == ["began", "ending", "kept"]
    await advance(system, days=32)
    await until(system, lambda: has_balance(system, 2 * 5000))


@pytest.mark.parametrize(
    ("stored", "is_of_period"),
    [
        ({"cancel_at": None, "cancel_at_period_end": True}, True),
        ({"cancel_at": 4_000_000_000, "cancel_at_period_end": False}, False),
    ],
)
async def test_either_field_of_stripes_says_that_it_ends(
    system: System, owner: Connection, stored: Json, is_of_period: bool
) -> None:
    made = await begun(system)
    assert await notifications(owner) == ["began"]
    system.store.put("subscription", at_stripe(system)["id"], at_stripe(system) | stored)
    await request_api(system, "POST", f"{WEBHOOK_PATH}/{made.id}/check")
    assert await ends(system, made) == (True, is_of_period)
    assert await notifications(owner) == ["began", "ending"]
    goes_on = await request_api(
        system, "PATCH", f"{WEBHOOK_PATH}/{made.id}", cancel_at_period_end=False
    )
    assert (goes_on["cancel_at"], goes_on["cancel_at_period_end"]) == (None, False)
    assert at_stripe(system)["cancel_at"] is None


async def test_an_event_about_it_only_causes_a_refetch(system: System, owner: Connection) -> None:
    """What an event says may be old: Stripe's object counts."""
    made = await begun(system)
    stale = at_stripe(system) | {"cancel_at": 4_000_000_000}
    assert await post(system, "customer.subscription.updated", stale) == (200, "done")
    assert await ends(system, made) == (False, False)
    assert await notifications(owner) == ["began"]


async def test_who_sets_it_over_the_api_is_not_notified_and_members_cannot(
    system: System, owner: Connection
) -> None:
    made = await begun(system)
    path = f"{WEBHOOK_PATH}/{made.id}"
    for _ in range(2):
        ending = await request_api(system, "PATCH", path, cancel_at_period_end=True)
        assert ending["cancel_at"] == ending["current_period_end"]
    with pytest.raises(Exception, match="role_too_low"):
        await request_api(system, "PATCH", path, BEN, cancel_at_period_end=False)
    goes_on = await request_api(system, "PATCH", path, cancel_at_period_end=False, amount="70")
    assert (goes_on["cancel_at"], goes_on["money"]["amount"]) == (None, "70.00")
    assert await notifications(owner) == ["began"]
    requested = await owner.fetch(
        "select facts ->> 'cancel_at_period_end' from audit_log"
        " where action = 'subscription_change_requested' order by id"
    )
    assert [row[0] for row in requested] == ["true", "true", "false"]
