"""A fraud warning advises a refund only while one may help, and moves no money by itself."""

from collections.abc import Callable

import pytest

from backend.database.protocol import SERVICE
from backend.stripe import reconcile
from tests.backend.conftest import System
from tests.cases.stripe_objects import (
    Connection,
    Json,
    balance,
    dispute,
    movements,
    paid,
    post,
    refund,
)

CREATED, UPDATED = "radar.early_fraud_warning.created", "radar.early_fraud_warning.updated"


def warning(intent: str, *, actionable: bool = True, id: str = "issfr_1") -> Json:
    """A warning that an event carries."""
    return {
        "id": id, "object": "radar.early_fraud_warning", "livemode": False, "charge": "ch_1",
        "payment_intent": intent, "fraud_type": "misc", "actionable": actionable,
    }  # fmt: skip


async def claimed(system: System, owner: Connection) -> list[str]:
    """The status of each fraud warning that waits for Ana, as the bot gets it; "" for advice."""
    await owner.execute("delete from notifications where kind <> 'fraud_warned'")
    # One at a time is claimed.
    assert await owner.fetchval("select count(*) from notifications") == 1
    answer = await system.services.database.call("claim_notifications", SERVICE, max_rows=10)
    return [str(each["facts"].get("status", "")) for each in answer]


async def test_a_warning_is_reported_once_with_advice(system: System, owner: Connection) -> None:
    _, intent = await paid(system)
    for type in (CREATED, UPDATED, CREATED):
        assert await post(system, type, warning(intent)) == (200, "done")
    assert await claimed(system, owner) == [""]
    assert await balance(owner) == 5000


@pytest.mark.parametrize("types", [(CREATED,), (UPDATED,), (UPDATED, CREATED), (CREATED, UPDATED)])
async def test_one_that_is_not_actionable_gives_none_in_whatever_order_its_events_come(
    system: System, owner: Connection, types: tuple[str, ...]
) -> None:
    _, intent = await paid(system)
    only = len(types) == 1
    for type in types:
        actionable = type == CREATED and not only
        assert await post(system, type, warning(intent, actionable=actionable)) == (200, "done")
    assert await claimed(system, owner) == ["over"]
    assert await movements(owner) == [("topup", 5000)]


@pytest.mark.parametrize(
    ("type", "meanwhile", "status"),
    [
        ("refund.created", lambda intent: refund(intent, 5000), "over"),
        ("refund.created", lambda intent: refund(intent, 2000), ""),
        ("charge.dispute.created", lambda intent: dispute(intent, "needs_response"), "over"),
    ],
)
async def test_what_happened_before_it_is_delivered_counts_without_another_event(
    system: System, owner: Connection, type: str, meanwhile: Callable[[str], Json], status: str
) -> None:
    _, intent = await paid(system)
    await post(system, CREATED, warning(intent))
    assert (await post(system, type, meanwhile(intent)))[0] == 200
    assert await claimed(system, owner) == [status]


async def test_the_local_stripe_ends_a_warning_and_a_lost_event_is_caught_up(
    system: System, owner: Connection
) -> None:
    _, intent = await paid(system)  # from here on no webhook comes
    for step in ("warn", "refund"):
        await system.sandbox("POST", f"/stripe/clawbacks/{intent}", step=step)
    await reconcile.reconcile_all(system.services)
    assert await claimed(system, owner) == ["over"]
    assert await movements(owner) == [("topup", 5000), ("refund", -5000)]
    assert await owner.fetchval("select actionable from private.fraud_warnings") is False
