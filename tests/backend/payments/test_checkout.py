"""A top-up over HTTP, with the real Stripe SDK against the local Stripe."""

import asyncio
import time
from typing import Any
from uuid import UUID

import pytest

from backend.database.protocol import SERVICE
from backend.payments import checkout
from backend.schemas import PaymentStatus
from backend.stripe import reconcile
from bot.backend_api.errors import BackendRefusal
from tests.backend.conftest import ANA, BEN, DECLINE, EVE, House, token


async def until(house: House, payment: UUID, status: PaymentStatus) -> None:
    """Wait for the webhook to arrive and be applied."""
    await house.until(payment, lambda seen: seen.status == status)


async def test_a_paid_page_credits_the_wallet_by_webhook(house: House) -> None:
    payment = await house.topup()
    opened = await house.see(payment)
    assert (opened.status, opened.money.amount, opened.paid_by) == ("pending", "50.00", "Ana")
    await house.pay(payment)
    await until(house, payment, "succeeded")
    paid = await house.see(payment)
    assert paid.url is None
    assert paid.balance is not None
    assert paid.balance.amount == "50.00"


async def test_the_same_key_opens_one_page(house: House) -> None:
    first, *others = await asyncio.gather(*(house.topup() for _ in range(5)))
    assert set(others) == {first}
    sessions = await house.sandbox("GET", "/stripe/sessions")
    assert len(sessions["sessions"]) == 1


async def test_with_webhooks_wholly_off_a_returning_payer_is_credited(house: House) -> None:
    await house.sandbox("POST", "/stripe/faults", drop=True)
    payment = await house.topup()
    back = (await house.pay(payment))["redirect_url"]
    async with house.http.get(back) as page:
        assert page.status == 200
        assert "The wallet is credited" in await page.text()
    assert (await house.see(payment)).status == "succeeded"


async def test_the_return_page_never_says_that_nothing_was_charged_unless_stripe_does(
    house: House,
) -> None:
    await house.sandbox("POST", "/stripe/faults", drop=True)
    payment = await house.topup()
    await house.client.check_payment(ANA, payment)
    back = (await house.pay(payment))["redirect_url"]  # within three seconds of the check
    async with house.http.get(back) as page:
        assert "The wallet is credited" in await page.text()


async def test_the_return_page_tells_a_stranger_nothing(house: House) -> None:
    payment = await house.topup("77.77")
    async with house.http.get(f"{house.url}/pay/{payment}/leave") as page:
        text = await page.text()
    assert "Not paid yet" in text
    assert not [word for word in ("77", "Ana", "Acme", "eur") if word in text]
    for unknown, status in (("00000000-0000-4000-8000-000000000000", 404), ("x", 400)):
        async with house.http.get(f"{house.url}/pay/{unknown}/return") as page:
            assert page.status == status


async def test_check_again_settles_by_asking_stripe(house: House) -> None:
    await house.sandbox("POST", "/stripe/faults", drop=True)
    payment = await house.topup()
    assert (await house.client.check_payment(ANA, payment)).status == "pending"
    await house.pay(payment)
    assert (
        await house.client.check_payment(ANA, payment)
    ).status == "pending"  # within three seconds
    await asyncio.sleep(3)
    assert (await house.client.check_payment(BEN, payment)).status == "succeeded"


async def test_the_reconciler_heals_what_no_webhook_told(house: House, owner: Any) -> None:
    await house.sandbox("POST", "/stripe/faults", drop=True)
    by_id, by_event = await house.topup(key="1"), await house.topup(key="2")
    for payment in (by_id, by_event):
        await house.pay(payment)
    await owner.execute(
        "update payments set created_at = created_at - interval '1 hour' where id = $1", by_id
    )
    assert await checkout.check(house.shop, by_id)
    looked_at = await reconcile.once(house.shop)
    assert looked_at["events"] > looked_at["payments"] == 0  # the events tell of both, first
    for payment in (by_id, by_event):
        assert (await house.see(payment)).status == "succeeded"
    assert (await reconcile.once(house.shop))["payments"] == 0


async def test_the_reconciler_reads_the_whole_list_after_an_outage_oldest_first(
    house: House, owner: Any
) -> None:
    await house.sandbox("POST", "/stripe/faults", drop=True, delay=60)
    over, running = await house.topup(key="over"), await house.topup(key="running")
    fact = {"about": "payment", "outcome": "expired", "payment_id": str(over)}
    now = int(time.time())
    # A fresh event of three hours later must not hide what was missed before it.
    known = {"id": "evt_x", "type": "t", "livemode": False, "created": now + 10_800, "fact": fact}
    await house.shop.database.call("receive_events", SERVICE, events=[known])
    await house.pay(over)
    await house.pay(running, DECLINE)
    await house.pay(running, "delayed_success")
    await reconcile.once(house.shop)
    assert (await house.see(over)).status == "succeeded"
    assert (await house.see(running)).status == "processing"
    cursor = await house.shop.database.call("events_cursor", SERVICE)
    assert now <= cursor <= time.time() + 1


async def test_a_decline_keeps_the_page_and_then_it_can_be_paid(house: House) -> None:
    payment = await house.topup()
    await house.pay(payment, DECLINE)
    declined = await house.until(payment, lambda seen: seen.last_decline is not None)
    assert (declined.status, declined.url is not None) == ("pending", True)
    await house.pay(payment)
    await until(house, payment, "succeeded")


@pytest.mark.parametrize(
    ("method", "ending"), [("delayed_success", "succeeded"), ("delayed_failure", "failed")]
)
async def test_delayed_methods_are_processing_first(
    house: House, method: str, ending: PaymentStatus
) -> None:
    await house.sandbox("POST", "/stripe/faults", delay=3600)
    payment = await house.topup()
    await house.pay(payment, method)
    await until(house, payment, "processing")
    await house.sandbox("POST", f"/stripe/sessions/{await house.session(payment)}/settle")
    await until(house, payment, ending)


async def test_a_delayed_failure_is_noticed_by_asking_as_well(house: House) -> None:
    await house.sandbox("POST", "/stripe/faults", drop=True)
    payment = await house.topup()
    await house.pay(payment, "delayed_failure")
    await house.sandbox("POST", f"/stripe/sessions/{await house.session(payment)}/settle")
    assert (await house.client.check_payment(ANA, payment)).status == "failed"


async def test_with_only_the_two_intent_events_a_topup_is_credited_once(house: House) -> None:
    only = ["payment_intent.succeeded", "payment_intent.payment_failed"]
    await house.sandbox("POST", "/stripe/faults", only=only, twice=True)
    payment = await house.topup()
    await house.pay(payment, DECLINE)
    await house.pay(payment)
    await until(house, payment, "succeeded")
    wallet = (await house.see(payment)).balance
    assert wallet is not None
    assert wallet.amount == "50.00"


async def test_cancel_closes_the_page_at_stripe(house: House) -> None:
    payment = await house.topup()
    assert (await house.client.cancel_payment(ANA, payment)).status == "canceled"
    session = await house.sandbox("GET", f"/stripe/sessions/{await house.session(payment)}")
    assert session["status"] == "expired"
    assert (await house.client.cancel_payment(ANA, payment)).status == "canceled"


async def test_cancel_can_be_repeated_after_an_error_of_stripes(house: House) -> None:
    payment = await house.topup()
    await house.sandbox("POST", "/stripe/faults", api_500=1)
    await house.client.cancel_payment(ANA, payment)
    assert (await house.client.cancel_payment(ANA, payment)).status == "canceled"


async def test_cancel_after_the_payer_was_faster_says_so(house: House) -> None:
    await house.sandbox("POST", "/stripe/faults", drop=True)
    payment = await house.topup()
    await house.pay(payment)
    assert (await house.client.cancel_payment(ANA, payment)).status == "succeeded"


async def test_an_expired_page_says_expired_and_a_new_key_opens_a_new_one(house: House) -> None:
    payment = await house.topup()
    await house.sandbox("POST", f"/stripe/sessions/{await house.session(payment)}/expire")
    await until(house, payment, "expired")
    with pytest.raises(BackendRefusal) as refused:
        await house.topup()
    assert (refused.value.code, refused.value.facts) == ("payment_closed", {"status": "expired"})
    assert (await house.see(await house.topup(key="again"))).status == "pending"


async def test_a_payment_that_arrives_after_it_expired_here_is_credited(house: House) -> None:
    payment = await house.topup()
    session = await house.session(payment)
    fact = {
        "about": "payment",
        "outcome": "expired",
        "payment_id": str(payment),
        "session_id": session,
    }
    event = {"id": "evt_x", "type": "t", "livemode": False, "created": 1, "fact": fact}
    await house.shop.database.call("receive_events", SERVICE, events=[event])
    assert (await house.see(payment)).status == "expired"
    await house.pay(payment)
    await until(house, payment, "succeeded")


async def test_stripes_lost_answer_opens_no_second_page(house: House) -> None:
    await house.sandbox("POST", "/stripe/faults", api_timeout=1)
    payment = await house.topup()
    sessions = await house.sandbox("GET", "/stripe/sessions")
    assert len(sessions["sessions"]) == 1
    await house.pay(payment)
    await until(house, payment, "succeeded")


async def test_a_crash_between_stripes_act_and_our_row_finds_the_same_page(
    house: House, owner: Any
) -> None:
    payment = await house.topup()
    session = await house.session(payment)
    await owner.execute(
        "alter table payments disable trigger payments_move_forward;"
        "update payments set status = 'created', stripe_checkout_session_id = null, url = null;"
        "alter table payments enable trigger payments_move_forward"
    )
    assert await house.topup() == payment
    assert await house.session(payment) == session


async def test_stripes_remembered_500_is_answered_with_a_new_attempt(house: House) -> None:
    await house.topup(key="whoever pays first also makes the customer")
    await house.sandbox("POST", "/stripe/faults", api_500=1)
    with pytest.raises(BackendRefusal) as refused:
        await house.topup()
    assert (refused.value.status, refused.value.code) == (502, "stripe_refused")
    payment = await house.topup()
    assert (await house.see(payment)).status == "pending"


async def test_members_and_strangers_start_nothing(house: House) -> None:
    for user, code in ((BEN, "role_too_low"), (EVE, "not_found"), (99, "unauthorized")):
        with pytest.raises(BackendRefusal) as refused:
            await house.topup(user=user)
        assert refused.value.code == code
    payment = await house.topup()
    for call in (house.client.get_payment, house.client.check_payment, house.client.cancel_payment):
        with pytest.raises(BackendRefusal) as refused:
            await call(EVE, payment)
        assert refused.value.code == "not_found"
    with pytest.raises(BackendRefusal) as refused:
        await house.client.cancel_payment(BEN, payment)
    assert refused.value.code == "role_too_low"
    assert (await house.client.get_payment(BEN, payment)).id == payment


REFUSED: list[tuple[Any, str]] = [
    ("0", "amount_too_small"), ("-5", "amount_too_small"), ("0.49", "amount_too_small"),
    ("1e9", "amount_unreadable"), ("NaN", "amount_unreadable"), ("", "amount_unreadable"),
    ("50 dollars", "amount_unreadable"), ("１００", "amount_unreadable"),
    ("1.000.00", "amount_unreadable"), ("٥٠", "amount_unreadable"),
    (10.001, "amount_too_precise"), ("1,0050", "amount_too_precise"),
    ("1000000", "amount_too_large"), ("9" * 15, "amount_too_large"),
    ("9" * 64, "amount_unreadable"), ("9" * 10_000, "invalid_request"),
]  # fmt: skip


async def order(house: House, amount: Any, currency: str) -> tuple[int, Any]:
    """POST /api/payments/checkout as Ana: status and answer."""
    wish = {"organization_id": str(house.world.acme), "amount": amount, "currency": currency}
    headers = {"Authorization": f"Bearer {token()}"}
    path = f"{house.url}/api/payments/checkout"
    async with house.http.post(path, json=wish, headers=headers) as answer:
        return answer.status, await answer.json()


async def test_amounts_that_cannot_be_are_refused_in_their_senders_terms(house: House) -> None:
    for amount, code in REFUSED:
        status, said = await order(house, amount, "eur")
        assert (status in (400, 422), said["error"]["code"]) == (True, code), str(amount)[:64]
        assert amount == "" or str(amount) not in said["error"]["message"].split()


async def test_amounts_are_read_as_people_write_them(house: House) -> None:
    for amount in ("50", "50.0", "50.00", "50,00", " 50 ", 50, 50.0, "050"):
        status, said = await order(house, amount, "EUR")
        assert status == 201, amount
        assert (await house.see(UUID(said["payment_id"]))).money.amount_minor == 5000
