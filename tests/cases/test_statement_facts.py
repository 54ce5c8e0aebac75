"""What a line of the books says: when it happened at Stripe, whose act it was, which objects."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from backend.database.functions import people
from backend.payments.settlement import refetch_payment
from backend.schemas import Introduction, Transaction
from tests.backend.conftest import ANA, System, token
from tests.backend.payments.test_charges import charge, saved
from tests.backend.payments.test_refunds import refund as request_refund
from tests.cases.stripe_objects import (
    Connection,
    Json,
    deliver,
    dispute,
    event,
    paid,
    post,
    refund,
)

YESTERDAY = int(datetime.now(UTC).timestamp()) - 86_400


async def lines(system: System, user: int = ANA) -> list[Transaction]:
    """The wallet's transactions, the oldest first."""
    headers = {"Authorization": f"Bearer {token(sub=str(user))}"}
    url = f"{system.url}/api/organizations/{system.world.acme}/transactions"
    async with system.http.get(url, headers=headers) as answer:
        rows = (await answer.json())["transactions"]
    return [Transaction.model_validate(row) for row in reversed(rows)]


def seconds(moment: datetime | None) -> int | None:
    return int(moment.timestamp()) if moment else None


async def unreported(system: System) -> UUID:
    """A payment that was paid, and of which no event came."""
    await system.sandbox("POST", "/stripe/faults", drop=True)
    payment = await system.topup()
    await system.pay(payment)
    return payment


def stored(system: System, kind: str) -> Json:
    """The one object of a kind that the local Stripe has."""
    [(_, stripe_object)] = system.store.list(kind)
    return stripe_object


async def test_a_late_event_is_booked_now_and_keeps_the_time_at_stripe(system: System) -> None:
    payment = await unreported(system)
    session = stored(system, "checkout.session")
    late = event("checkout.session.completed", session, created=YESTERDAY)
    late["api_version"] = stored_version(system)
    assert await deliver(system, late) == (200, "done")
    [line] = await lines(system)
    assert seconds(line.happened_at) == YESTERDAY
    assert line.created_at.timestamp() > YESTERDAY + 86_000
    seen = await system.see(payment)
    assert seconds(seen.paid_at) == YESTERDAY
    assert seen.succeeded_at is not None
    assert seen.succeeded_at > line.happened_at  # type: ignore[operator]


def stored_version(system: System) -> Any:
    """The API version of the local Stripe's own events."""
    return next(each["api_version"] for _, each in system.store.list("event"))


async def test_what_no_event_told_has_the_time_of_its_charge(system: System) -> None:
    payment = await unreported(system)
    older = {**stored(system, "charge"), "created": YESTERDAY}
    system.store.put("charge", older["id"], older)
    await refetch_payment(system.services, payment)
    [line] = await lines(system)
    assert seconds(line.happened_at) == YESTERDAY
    assert seconds((await system.see(payment)).paid_at) == YESTERDAY


async def test_refunds_and_disputes_have_their_own_times_and_ids(system: System) -> None:
    payment, intent = await paid(system)
    await post(system, "refund.created", {**refund(intent, 2000), "created": YESTERDAY})
    failed = {**refund(intent, 2000, "failed"), "created": YESTERDAY}
    await post(system, "refund.failed", failed, created=YESTERDAY + 60)
    taken = dispute(intent, "needs_response", (-5000, "eur"))
    taken["balance_transactions"][0]["created"] = YESTERDAY + 120
    await post(system, "charge.dispute.funds_withdrawn", taken)
    topup, sent, returned, disputed = await lines(system)
    assert [line.kind for line in (sent, returned, disputed)] == [
        "refund", "refund_reversal", "dispute",
    ]  # fmt: skip
    times = [seconds(line.happened_at) for line in (sent, returned, disputed)]
    assert times == [YESTERDAY, YESTERDAY + 60, YESTERDAY + 120]
    ids = [line.stripe_object_id for line in (topup, sent, returned, disputed)]
    assert ids == [intent, "re_1", "re_1", "dp_1"]
    assert {line.stripe_payment_intent_id for line in (topup, sent, returned, disputed)} == {intent}
    assert {line.payment_id for line in (topup, sent, returned, disputed)} == {payment}
    assert {line.acted_by for line in (sent, returned, disputed)} == {None}  # in the dashboard


async def test_a_refund_names_who_sent_it_back_beside_who_paid(
    system: System, owner: Connection
) -> None:
    await owner.execute("update memberships set role = 'admin' where role = 'member'")
    await saved(system)
    charged = await charge(system, amount="9", reference="=INV-0001")
    payment = UUID(charged["id"])
    await system.until(payment, lambda seen: seen.status == "succeeded")
    await request_refund(system, payment, user=1002)
    await system.until(payment, lambda seen: bool(seen.refunded and seen.refunded.amount_minor))
    topup, sent = await lines(system)
    assert (topup.paid_by, topup.acted_by) == ("Ana", "Ana")
    assert (sent.paid_by, sent.acted_by) == ("Ana", "Ben")
    assert sent.paid_by_id == topup.acted_by_id != sent.acted_by_id
    assert {line.order_reference for line in (topup, sent)} == {"=INV-0001"}


async def test_names_stay_as_they_were_until_their_person_is_erased(
    system: System, owner: Connection
) -> None:
    await paid(system)
    before = await lines(system)
    await system.client.introduce(ANA, Introduction(name="Somebody Else"))
    assert await lines(system) == before
    assert before[0].paid_by == "Ana"
    await owner.execute("update memberships set role = 'owner'")
    await people.erase_person(system.services.database, telegram_id=ANA, dry_run=False)
    [after] = await lines(system, 1002)
    assert (after.paid_by, after.acted_by) == (None, None)
    assert (after.paid_by_id, after.acted_by_id) == (before[0].paid_by_id, before[0].acted_by_id)
