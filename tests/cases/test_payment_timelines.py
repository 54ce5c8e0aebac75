"""What happened to a payment and when; where it is stuck, checking it applies what got lost."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from backend.schemas import NotificationResult, Timeline
from bot.backend_api.errors import BackendRefusal
from tests.backend.conftest import ANA, BEN, DECLINE, EVE, System
from tests.backend.payments.test_refunds import at_stripe, credited, goes_on, gone, refund
from tests.cases.stripe_objects import Connection
from tests.cases.test_finding_payments import NAME_BEN_PAYER

PAID_ON_A_PAGE = ["requested", "opened", "paid", "received", "credited"]


async def timeline(system: System, payment: UUID, user: int = ANA) -> Timeline:
    """What somebody reads of a payment."""
    return await system.client.get_timeline(user, payment)


def kinds(timeline: Timeline) -> list[str]:
    """The kinds of its steps, in order, without what chats were shown."""
    return [step.kind for step in timeline.steps if step.kind not in ("shown", "notified")]


def step(timeline: Timeline, kind: str) -> Any:
    """The only step of a kind."""
    [match] = [step for step in timeline.steps if step.kind == kind]
    return match


async def test_a_top_up_is_told_from_the_link_to_the_credit(system: System) -> None:
    payment = await system.topup("50")
    opened = await timeline(system, payment)
    assert (kinds(opened), opened.waits_for) == (["requested", "opened"], "payer")
    await system.pay(payment, DECLINE)
    await system.until(payment, lambda now: now.last_decline is not None)
    assert step(await timeline(system, payment), "declined").detail == "generic_decline"
    await system.pay(payment)
    await system.until(payment, lambda now: now.status == "succeeded")
    seen = await timeline(system, payment)
    assert kinds(seen) == ["requested", "opened", "declined", *PAID_ON_A_PAGE[2:]]
    assert step(seen, "requested").by == "Ana"
    assert step(seen, "received").detail in (
        "checkout.session.completed",
        "payment_intent.succeeded",
    )
    credit = step(seen, "credited")
    assert (credit.money.amount, credit.balance.amount) == ("50.00", "50.00")
    assert step(seen, "paid").at - step(seen, "received").at < timedelta(seconds=60)


async def test_whom_telegram_has_shown_it_is_told_and_who_still_waits(
    system: System, owner: Connection
) -> None:
    payment = await credited(system)
    await owner.execute("update notifications set created_at = created_at - interval '2 minutes'")
    assert (await timeline(system, payment)).waits_for == "telegram"
    claimed = (await system.client.claim_notifications(0)).notifications
    for each in claimed:
        result = NotificationResult(claim=each.claim, outcome="delivered", message_id=5)
        await system.client.report_notification(each.id, result)
    seen = await timeline(system, payment)
    assert seen.waits_for is None
    colleagues = [each for each in claimed if each.kind == "wallet_credited"]
    assert step(seen, "notified").count == len(colleagues) == 1


async def test_what_went_back_is_told_with_who_asked_for_it(system: System) -> None:
    payment = await credited(system)
    await refund(system, payment, amount="20")
    await system.until(payment, gone("20.00"))
    await at_stripe(system, payment, "dispute")
    await system.until(payment, lambda now: now.dispute_status is not None)
    seen = await timeline(system, payment)
    assert step(seen, "refund_requested").by == "Ana"
    assert step(seen, "refund").money.amount == "20.00"
    assert kinds(seen)[:5] == PAID_ON_A_PAGE
    assert set(kinds(seen)[5:]) >= {"refund_requested", "refund", "disputed"}


async def test_what_is_checked_names_the_operator(system: System, owner: Connection) -> None:
    payment = await credited(system)
    await owner.execute(
        "update stripe_events set state = 'dead_letter' where type = 'checkout.session.completed'"
    )
    seen = await timeline(system, payment)
    assert seen.waits_for == "operator"
    assert step(seen, "not_applied").detail == "checkout.session.completed"
    await owner.execute("update stripe_events set state = 'failed' where state = 'dead_letter'")
    assert (await timeline(system, payment)).waits_for == "event"


async def test_where_the_event_got_lost_checking_credits_and_the_timeline_says_so(
    system: System,
) -> None:
    await system.sandbox("POST", "/stripe/faults", drop=True)
    payment = await system.topup()
    await system.pay(payment)
    assert (await timeline(system, payment)).waits_for == "payer"
    await system.client.check_payment(ANA, payment)
    seen = await timeline(system, payment)
    assert kinds(seen) == ["requested", "opened", "received", "credited"]
    assert step(seen, "received").detail == "check"
    receipt = await system.client.get_receipt(ANA, payment)
    assert receipt.card == "Visa •••• 4242"  # of which no event has come
    assert (await system.see(payment)).paid_with == "Visa •••• 4242"


async def test_where_the_news_of_a_refund_got_lost_checking_settles_it(
    system: System,
) -> None:
    payment = await credited(system)
    pending = await at_stripe(system, payment, "refund_pending", amount=2000)
    await system.until(payment, lambda now: len(now.refunds) == 1)
    await system.sandbox("POST", "/stripe/faults", drop=True)
    await goes_on(system, pending, "succeed")
    assert (await timeline(system, payment)).waits_for == "refund"
    checked = await system.client.check_payment(ANA, payment)
    assert [each.status for each in checked.refunds] == ["succeeded"]
    assert (await timeline(system, payment)).waits_for != "refund"


async def test_a_receipt_has_stripes_page_and_the_card(system: System) -> None:
    payment = await system.topup()
    open_one = await system.client.get_receipt(ANA, payment)
    assert (open_one.url, open_one.pdf, open_one.card) == (None, None, None)
    await system.pay(payment)
    await system.until(payment, lambda now: now.status == "succeeded")
    receipt = await system.client.get_receipt(ANA, payment)
    [(_, charge)] = system.store.list("charge")
    assert (receipt.url, receipt.card) == (charge["receipt_url"], "Visa •••• 4242")


async def test_colleagues_do_not_see_it_and_who_began_it_does(
    system: System, owner: Connection
) -> None:
    payment = await credited(system)
    calls = (system.client.get_timeline, system.client.get_receipt)
    for call in calls:
        for user, code in ((BEN, "role_too_low"), (EVE, "not_found")):
            with pytest.raises(BackendRefusal) as refused:
                await call(user, payment)
            assert refused.value.code == code
    await owner.execute(NAME_BEN_PAYER, payment)
    assert kinds(await timeline(system, payment, BEN)) == PAID_ON_A_PAGE
    assert (await system.client.get_receipt(BEN, payment)).url
    await owner.execute(
        "delete from memberships where user_id = (select id from users where name = 'Ben')"
    )
    for call in calls:
        with pytest.raises(BackendRefusal) as refused:
            await call(BEN, payment)
        assert refused.value.code == "not_found"
