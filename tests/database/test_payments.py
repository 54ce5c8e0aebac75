"""A payment's row: one per key, within limits, moving forward only."""

import asyncio
import itertools
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import asyncpg
import pytest

from backend.database.protocol import SERVICE, SupabaseUser
from backend.errors import (
    AmountTooLarge,
    AmountTooSmall,
    CurrencyUnknown,
    IdempotencyKeyReused,
    PaymentClosed,
    TooManyRequests,
    TopupsOff,
    WrongStripeMode,
)
from backend.wallets.money import CURRENCIES, major_units
from sandbox.stripe.currencies import CURRENCIES as LOCAL_STRIPE_CURRENCIES, RATES
from tests.database.conftest import PaymentDriver, paid

if TYPE_CHECKING:
    Connection = asyncpg.Connection[Any]
else:
    Connection = asyncpg.Connection


async def test_a_double_tap_makes_one_payment(driver: PaymentDriver, owner: Connection) -> None:
    ids = await asyncio.gather(*(driver.payment("same", opened=False) for _ in range(10)))
    assert len(set(ids)) == 1
    assert await owner.fetchval("select count(*) from payments") == 1


async def test_the_same_key_for_another_amount_is_refused(driver: PaymentDriver) -> None:
    await driver.payment("same")
    with pytest.raises(IdempotencyKeyReused):
        await driver.payment("same", amount=6000)


async def test_a_redelivered_command_shows_in_its_new_message_until_it_has_a_link(
    driver: PaymentDriver, owner: Connection
) -> None:
    async def from_chat(message_id: int) -> Any:
        return await driver.database.call(
            "create_payment", driver.world.ana,
            organization_id=driver.world.acme, amount=5000, currency="eur", idempotency_key="same",
            telegram_chat_id=1001, message_id=message_id,
        )  # fmt: skip

    first = await from_chat(7)
    assert (await from_chat(9))["id"] == first["id"]
    assert await owner.fetchval("select message_id from private.payment_requests") == 9
    await driver.database.call(
        "mark_payment_opened",
        SERVICE,
        payment_id=first["id"],
        stripe_checkout_session_id="cs_1",
        url="https://x",
    )
    assert (await from_chat(9))["id"] == first["id"]  # the answer was lost on the way
    with pytest.raises(IdempotencyKeyReused):
        await from_chat(11)


async def test_limits_hold_in_sql_with_facts_in_major_units(driver: PaymentDriver) -> None:
    with pytest.raises(AmountTooSmall) as small:
        await driver.payment(amount=49)
    assert small.value.facts == {"minimum": "0.50", "currency": "eur"}
    with pytest.raises(AmountTooLarge):
        await driver.payment(amount=100_000_000)
    with pytest.raises(CurrencyUnknown):
        await driver.database.call(
            "create_payment", driver.world.ana,
            organization_id=driver.world.acme, amount=5000, currency="xxx",
        )  # fmt: skip


async def test_an_organization_makes_sixty_payments_in_ten_minutes_and_not_more(
    driver: PaymentDriver, owner: Connection
) -> None:
    for number in range(60):
        await driver.payment(str(number), opened=False)
    with pytest.raises(TooManyRequests) as refused:
        await driver.payment("one more")
    assert 540 <= int(refused.value.facts["retry_after"]) <= 600
    await owner.execute("update payments set created_at = created_at - interval '10 minutes'")
    await driver.payment("later")


async def test_python_sql_and_the_local_stripe_have_the_same_currencies(owner: Connection) -> None:
    rows = await owner.fetch("select code, exponent, step, minimum, maximum from currencies")
    assert {row["code"]: tuple(row) for row in rows} == {
        code: (code, each.digits, each.step, each.minimum, each.maximum)
        for code, each in LOCAL_STRIPE_CURRENCIES.items()
    }, "left: public.currencies; right: CURRENCIES in sandbox/stripe/currencies.py"
    assert {row["code"]: (row["exponent"], row["step"]) for row in rows} == CURRENCIES, (
        "left: public.currencies; right: CURRENCIES in backend/schemas/amounts.py"
    )
    assert RATES.keys() == LOCAL_STRIPE_CURRENCIES.keys()
    for amount, code in itertools.product((-12_345, -100, 0, 1, 10, 100, 99_999_999), CURRENCIES):
        written = await owner.fetchval("select private.major_units($1, $2)", amount, code)
        assert written == major_units(amount, code)


async def test_no_status_moves_backwards_even_by_hand(
    driver: PaymentDriver, owner: Connection
) -> None:
    payment = await driver.payment()
    await driver.receive(paid("evt_1", payment))
    for status in ("created", "pending", "processing", "failed", "expired", "canceled"):
        with pytest.raises(asyncpg.PostgresError) as refused:
            await owner.execute(
                "update payments set status = $1, succeeded_at = null where id = $2::uuid",
                status, payment,
            )  # fmt: skip
        assert refused.value.sqlstate == "PB902"


async def test_a_page_that_opens_after_the_money_came_changes_nothing(
    driver: PaymentDriver,
) -> None:
    payment = await driver.payment(opened=False)
    await driver.receive(paid("evt_1", payment))
    opened = await driver.database.call(
        "mark_payment_opened",
        SERVICE,
        payment_id=payment,
        stripe_checkout_session_id="cs_late",
        url="https://x",
    )
    assert (opened["status"], opened["url"]) == ("succeeded", None)


async def test_canceling_without_a_page_is_final_at_once(driver: PaymentDriver) -> None:
    payment = await driver.payment(opened=False)
    answer = await driver.database.call(
        "request_payment_cancel", driver.world.ana, payment_id=payment
    )
    assert answer["status"] == "canceled"


async def test_what_is_paid_cannot_be_canceled(driver: PaymentDriver) -> None:
    payment = await driver.payment()
    await driver.receive(paid("evt_1", payment))
    with pytest.raises(PaymentClosed) as refused:
        await driver.database.call("request_payment_cancel", driver.world.ana, payment_id=payment)
    assert refused.value.facts == {"status": "succeeded"}


async def test_stripe_is_asked_at_most_every_three_seconds(
    driver: PaymentDriver, owner: Connection
) -> None:
    payment = await driver.payment()

    async def due() -> bool:
        answer = await driver.database.call("claim_payment_check", SERVICE, payment_id=payment)
        return bool(answer["due"])

    assert sorted(await asyncio.gather(*(due() for _ in range(8)))) == [False] * 7 + [True]
    await owner.execute("update payments set checked_at = checked_at - interval '3 seconds'")
    assert await due()


async def test_an_attempt_grows_once_however_many_saw_the_error(driver: PaymentDriver) -> None:
    payment = await driver.payment(opened=False)
    await asyncio.gather(
        *(
            driver.database.call("increase_attempt", SERVICE, payment_id=payment, attempt=1)
            for _ in range(5)
        )
    )
    row = await driver.database.call("get_payment_for_service", SERVICE, payment_id=payment)
    assert row["attempt"] == 2


async def test_the_reconciler_is_given_what_nobody_heard_of(
    driver: PaymentDriver, owner: Connection
) -> None:
    fresh, quiet = await driver.payment("fresh"), await driver.payment("quiet")
    never_opened = await driver.payment("never opened", opened=False)
    await owner.execute(
        "update payments set created_at = created_at - interval '2 hours',"
        " expires_at = expires_at - interval '2 hours' where id <> $1::uuid",
        fresh,
    )
    assert await driver.database.call("claim_payments_to_reconcile", SERVICE, max_rows=10) == [
        quiet
    ]
    await driver.database.call("expire_abandoned", SERVICE, max_rows=10)
    assert (await driver.show(never_opened))["status"] == "expired"


async def test_a_database_belongs_to_one_stripe_mode(driver: PaymentDriver) -> None:
    with pytest.raises(WrongStripeMode):
        await driver.database.call("claim_stripe_account", SERVICE, livemode=True)


async def test_with_topups_off_the_chat_starts_none_and_other_ways_still_do(
    driver: PaymentDriver, owner: Connection
) -> None:
    await driver.database.call("set_policy", SERVICE, topups_in_chat=False)
    with pytest.raises(TopupsOff):
        await driver.payment(opened=False)
    me = await driver.database.call(
        "upsert_telegram_user", SERVICE, telegram_id=1001, name="Ana", language="en"
    )
    assert not me["topups_in_chat"]
    signed_in = SupabaseUser(uuid4())
    await owner.execute(
        "update private.users set auth_user_id = $1 where telegram_id = 1001",
        signed_in.auth_user_id,
    )
    made = await driver.database.call(
        "create_payment", signed_in, organization_id=driver.world.acme, amount=5000, currency="eur"
    )
    assert made["status"] == "created"
    await driver.database.call("set_policy", SERVICE, topups_in_chat=True)
    assert await driver.payment(opened=False)
