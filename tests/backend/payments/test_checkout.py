"""A top-up over HTTP, with the real Stripe SDK against the local Stripe."""

import asyncio
import time
from typing import Any
from uuid import UUID

import pytest

from backend.database.protocol import SERVICE
from backend.payments import settlement
from backend.schemas import PaymentStatus
from backend.stripe import reconcile
from bot.backend_api.errors import BackendRefusal
from tests.backend.conftest import ANA, BEN, DECLINE, EVE, System


async def until(system: System, payment: UUID, status: PaymentStatus) -> None:
    """Wait for the webhook to arrive and be applied."""
    await system.until(payment, lambda seen: seen.status == status)


async def test_a_paid_page_credits_the_wallet_by_webhook(system: System) -> None:
    payment = await system.topup()
    opened = await system.see(payment)
    assert (opened.status, opened.money.amount, opened.paid_by) == ("pending", "50.00", "Ana")
    await system.pay(payment)
    await until(system, payment, "succeeded")
    paid = await system.see(payment)
    assert paid.url is None
    assert paid.balance is not None
    assert paid.balance.amount == "50.00"


async def test_the_same_key_opens_one_page(system: System) -> None:
    first, *others = await asyncio.gather(*(system.topup() for _ in range(5)))
    assert set(others) == {first}
    sessions = await system.sandbox("GET", "/stripe/sessions")
    assert len(sessions["sessions"]) == 1


async def test_with_webhooks_wholly_off_a_returning_payer_is_credited(system: System) -> None:
    await system.sandbox("POST", "/stripe/faults", drop=True)
    payment = await system.topup()
    back = (await system.pay(payment))["redirect_url"]
    async with system.http.get(back) as page:
        assert page.status == 200
        assert "The wallet is credited" in await page.text()
    assert (await system.see(payment)).status == "succeeded"


async def test_the_return_page_never_says_that_nothing_was_charged_unless_stripe_does(
    system: System,
) -> None:
    await system.sandbox("POST", "/stripe/faults", drop=True)
    payment = await system.topup()
    await system.client.check_payment(ANA, payment)
    back = (await system.pay(payment))["redirect_url"]  # within three seconds of the check
    async with system.http.get(back) as page:
        assert "The wallet is credited" in await page.text()


async def test_the_return_page_tells_a_stranger_nothing(system: System) -> None:
    payment = await system.topup("77.77")
    async with system.http.get(f"{system.url}/pay/{payment}/leave") as page:
        text = await page.text()
    assert "Not paid yet" in text
    assert not [word for word in ("77", "Ana", "Acme", "eur") if word in text]
    for unknown, status in (("00000000-0000-4000-8000-000000000000", 404), ("x", 400)):
        async with system.http.get(f"{system.url}/pay/{unknown}/return") as page:
            assert page.status == status


async def test_check_again_settles_by_asking_stripe(system: System) -> None:
    await system.sandbox("POST", "/stripe/faults", drop=True)
    payment = await system.topup()
    assert (await system.client.check_payment(ANA, payment)).status == "pending"
    await system.pay(payment)
    assert (
        await system.client.check_payment(ANA, payment)
    ).status == "pending"  # within three seconds
    await asyncio.sleep(3)
    assert (await system.client.check_payment(BEN, payment)).status == "succeeded"


async def test_the_reconciler_catches_up_on_what_no_webhook_brought(
    system: System, owner: Any
) -> None:
    await system.sandbox("POST", "/stripe/faults", drop=True)
    by_id, by_event = await system.topup(key="1"), await system.topup(key="2")
    for payment in (by_id, by_event):
        await system.pay(payment)
    await owner.execute(
        "update payments set created_at = created_at - interval '1 hour' where id = $1", by_id
    )
    assert await settlement.refetch_if_due(system.services, by_id)
    refetched_at = await reconcile.reconcile_all(system.services)
    assert refetched_at["events"] > refetched_at["payments"] == 0  # the events tell of both, first
    for payment in (by_id, by_event):
        assert (await system.see(payment)).status == "succeeded"
    assert (await reconcile.reconcile_all(system.services))["payments"] == 0


async def test_the_reconciler_reads_the_whole_list_after_an_outage_oldest_first(
    system: System, owner: Any
) -> None:
    await system.sandbox("POST", "/stripe/faults", drop=True, delay=60)
    over, running = await system.topup(key="over"), await system.topup(key="running")
    fact = {"about": "payment", "outcome": "expired", "payment_id": str(over)}
    now = int(time.time())
    # A fresh event of three hours later must not hide what was missed before it.
    existing = {
        "id": "evt_x",
        "type": "t",
        "livemode": False,
        "created": now + 10_800,
        "fact": fact,
    }
    await system.services.database.call("receive_events", SERVICE, events=[existing])
    await system.pay(over)
    await system.pay(running, DECLINE)
    await system.pay(running, "delayed_success")
    await reconcile.reconcile_all(system.services)
    assert (await system.see(over)).status == "succeeded"
    assert (await system.see(running)).status == "processing"
    cursor = await system.services.database.call("get_events_cursor", SERVICE)
    assert now <= cursor <= time.time() + 1


async def test_a_decline_keeps_the_page_and_then_it_can_be_paid(system: System) -> None:
    payment = await system.topup()
    await system.pay(payment, DECLINE)
    declined = await system.until(payment, lambda seen: seen.last_decline is not None)
    assert (declined.status, declined.url is not None) == ("pending", True)
    await system.pay(payment)
    await until(system, payment, "succeeded")


@pytest.mark.parametrize(
    ("method", "ending"), [("delayed_success", "succeeded"), ("delayed_failure", "failed")]
)
async def test_delayed_methods_are_processing_first(
    system: System, method: str, ending: PaymentStatus
) -> None:
    await system.sandbox("POST", "/stripe/faults", delay=3600)
    payment = await system.topup()
    await system.pay(payment, method)
    await until(system, payment, "processing")
    await system.sandbox("POST", f"/stripe/sessions/{await system.session(payment)}/settle")
    await until(system, payment, ending)


async def test_a_delayed_failure_is_noticed_by_asking_as_well(system: System) -> None:
    await system.sandbox("POST", "/stripe/faults", drop=True)
    payment = await system.topup()
    await system.pay(payment, "delayed_failure")
    await system.sandbox("POST", f"/stripe/sessions/{await system.session(payment)}/settle")
    assert (await system.client.check_payment(ANA, payment)).status == "failed"


async def test_with_only_the_two_intent_events_a_topup_is_credited_once(system: System) -> None:
    only = ["payment_intent.succeeded", "payment_intent.payment_failed"]
    await system.sandbox("POST", "/stripe/faults", only=only, twice=True)
    payment = await system.topup()
    await system.pay(payment, DECLINE)
    await system.pay(payment)
    await until(system, payment, "succeeded")
    wallet = (await system.see(payment)).balance
    assert wallet is not None
    assert wallet.amount == "50.00"


async def test_cancel_closes_the_page_at_stripe(system: System) -> None:
    payment = await system.topup()
    assert (await system.client.cancel_payment(ANA, payment)).status == "canceled"
    session = await system.sandbox("GET", f"/stripe/sessions/{await system.session(payment)}")
    assert session["status"] == "expired"
    assert (await system.client.cancel_payment(ANA, payment)).status == "canceled"


async def test_cancel_can_be_repeated_after_an_error_of_stripes(system: System) -> None:
    payment = await system.topup()
    await system.sandbox("POST", "/stripe/faults", api_500=1)
    await system.client.cancel_payment(ANA, payment)
    assert (await system.client.cancel_payment(ANA, payment)).status == "canceled"


async def test_cancel_after_the_payer_was_faster_says_so(system: System) -> None:
    await system.sandbox("POST", "/stripe/faults", drop=True)
    payment = await system.topup()
    await system.pay(payment)
    assert (await system.client.cancel_payment(ANA, payment)).status == "succeeded"


async def test_an_expired_page_says_expired_and_a_new_key_opens_a_new_one(system: System) -> None:
    payment = await system.topup()
    await system.sandbox("POST", f"/stripe/sessions/{await system.session(payment)}/expire")
    await until(system, payment, "expired")
    with pytest.raises(BackendRefusal) as refused:
        await system.topup()
    assert (refused.value.code, refused.value.facts) == ("payment_closed", {"status": "expired"})
    assert (await system.see(await system.topup(key="again"))).status == "pending"


async def test_a_payment_that_arrives_after_it_expired_here_is_credited(system: System) -> None:
    payment = await system.topup()
    session = await system.session(payment)
    fact = {
        "about": "payment",
        "outcome": "expired",
        "payment_id": str(payment),
        "stripe_checkout_session_id": session,
    }
    event = {"id": "evt_x", "type": "t", "livemode": False, "created": 1, "fact": fact}
    await system.services.database.call("receive_events", SERVICE, events=[event])
    assert (await system.see(payment)).status == "expired"
    await system.pay(payment)
    await until(system, payment, "succeeded")


async def test_stripes_lost_answer_opens_no_second_page(system: System) -> None:
    await system.sandbox("POST", "/stripe/faults", api_timeout=1)
    payment = await system.topup()
    sessions = await system.sandbox("GET", "/stripe/sessions")
    assert len(sessions["sessions"]) == 1
    await system.pay(payment)
    await until(system, payment, "succeeded")


async def test_a_crash_between_stripes_act_and_our_row_finds_the_same_page(
    system: System, owner: Any
) -> None:
    payment = await system.topup()
    session = await system.session(payment)
    await owner.execute(
        "alter table payments disable trigger payments_move_forward;"
        "update payments set status = 'created', stripe_checkout_session_id = null;"
        "update private.payment_requests set url = null;"
        "alter table payments enable trigger payments_move_forward"
    )
    assert await system.topup() == payment
    assert await system.session(payment) == session


async def test_stripes_remembered_500_is_answered_with_a_new_attempt(system: System) -> None:
    await system.topup(key="whoever pays first also makes the customer")
    await system.sandbox("POST", "/stripe/faults", api_500=1)
    with pytest.raises(BackendRefusal) as refused:
        await system.topup()
    assert (refused.value.status, refused.value.code) == (502, "stripe_refused")
    payment = await system.topup()
    assert (await system.see(payment)).status == "pending"


async def test_members_and_strangers_start_nothing(system: System) -> None:
    for user, code in ((BEN, "role_too_low"), (EVE, "not_found"), (99, "unauthorized")):
        with pytest.raises(BackendRefusal) as refused:
            await system.topup(user=user)
        assert refused.value.code == code
    payment = await system.topup()
    for call in (
        system.client.get_payment,
        system.client.check_payment,
        system.client.cancel_payment,
    ):
        with pytest.raises(BackendRefusal) as refused:
            await call(EVE, payment)
        assert refused.value.code == "not_found"
    with pytest.raises(BackendRefusal) as refused:
        await system.client.cancel_payment(BEN, payment)
    assert refused.value.code == "role_too_low"
    assert (await system.client.get_payment(BEN, payment)).id == payment
