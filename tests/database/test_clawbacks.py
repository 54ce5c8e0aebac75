"""Refunds and disputes, however often and in whatever order Stripe tells of them."""

import asyncio
from itertools import permutations
from typing import TYPE_CHECKING, Any

import asyncpg
import pytest

from backend.database.protocol import SERVICE, TelegramUser
from backend.errors import (
    AmountTooSmall,
    IdempotencyKeyReused,
    NotFound,
    NothingToRefund,
    PursebotError,
    RefundTooLarge,
    RoleTooLow,
)
from tests.database.conftest import PaymentDriver, event, paid

if TYPE_CHECKING:
    Connection = asyncpg.Connection[Any]
else:
    Connection = asyncpg.Connection

Json = dict[str, Any]


async def postings(owner: Connection) -> list[tuple[str, int]]:
    """What moved in wallets, oldest first."""
    rows = await owner.fetch(
        "select m.kind, m.amount from private.movements as m"
        " inner join accounts as a on m.account_id = a.id and a.kind = 'wallet' order by m.seq"
    )
    return [(row["kind"], row["amount"]) for row in rows]


async def balance(owner: Connection) -> int:
    return sum(amount for _, amount in await postings(owner))


def clawback_event(payment: str, about: str, number: str, **facts: Any) -> Json:
    """An event about a refund or a dispute of the payment's intent."""
    common = {"outcome": "reported", "payment_id": None, "currency": "eur"}
    common |= {"stripe_payment_intent_id": f"pi_{payment}"}
    return event(f"evt_{number}", about=about, **{**common, **facts})


def refund(payment: str, status: str, amount: int = 2000, id: str = "re_1", **more: Any) -> Json:
    facts = {"id": id, "status": status, "amount_minor": amount, **more}
    return clawback_event(payment, "refund", f"{id}_{status}", **facts)


def dispute(payment: str, step: str, status: str = "needs_response", **more: Any) -> Json:
    """A dispute of EUR 50, with as many balance transactions as its step has seen."""
    amount = more.get("amount_minor", 5000)
    moved = {"created": {}, "withdrawn": {"eur": amount}, "reinstated": {"eur": 0}}[step]
    facts = {
        "id": "dp_1", "status": status, "amount_minor": 5000, "reason": "fraudulent", "step": step,
        "movements": ["created", "withdrawn", "reinstated"].index(step), "moved": moved,
    }  # fmt: skip
    return clawback_event(payment, "dispute", f"dp_{step}", **{**facts, **more})


async def credited(driver: PaymentDriver, key: str = "key") -> str:
    payment = await driver.payment(key=key)
    await driver.receive(paid(f"evt_{payment}", payment))
    return payment


async def spend(owner: Connection, amount: int) -> None:
    """Something else takes money out of the only wallet."""
    await owner.execute(
        "insert into accounts (wallet_id, organization_id, currency, kind)"
        " select id, organization_id, currency, 'adjustment' from wallets"
    )
    await owner.execute(
        "select private.post_transfer(id, 'adjustment', 'spent', 'wallet', 'adjustment', $1)"
        " from wallets", amount,
    )  # fmt: skip


async def request_refund(
    driver: PaymentDriver,
    payment: str,
    key: str = "r",
    who: TelegramUser | None = None,
    **more: Any,
) -> Json:
    actor = who or driver.world.ana
    made: Json = await driver.database.call(
        "create_refund", actor, payment_id=payment, idempotency_key=key, **more
    )
    return made


@pytest.mark.parametrize("order", list(permutations(range(3))))
async def test_refund_events_in_any_order_and_twice_move_the_wallet_by_what_they_imply(
    driver: PaymentDriver, owner: Connection, order: tuple[int, ...]
) -> None:
    payment = await credited(driver)
    events = [refund(payment, status) for status in ("pending", "succeeded", "failed")]
    for place in (*order, *order):
        assert (await driver.receive(events[place]))[0] == "done"
    assert await balance(owner) == 5000  # it failed in the end
    shown = await driver.show(payment)
    assert shown["refunded"]["amount"] == "0.00"
    assert [each["status"] for each in shown["refunds"]] == ["failed"]
    assert shown["refundable"]["amount"] == "50.00"


async def test_a_late_pending_never_takes_a_refund_back(
    driver: PaymentDriver, owner: Connection
) -> None:
    payment = await credited(driver)
    await driver.receive(refund(payment, "succeeded"), refund(payment, "pending"))
    assert await postings(owner) == [("topup", 5000), ("refund", -2000)]
    assert (await driver.show(payment))["refunds"][0]["status"] == "succeeded"


@pytest.mark.parametrize("order", list(permutations(range(4))))
async def test_what_stripe_tells_before_the_payment_is_applied_when_it_is_credited(
    driver: PaymentDriver, owner: Connection, order: tuple[int, ...]
) -> None:
    payment = await driver.payment()
    stories = [
        paid("evt_paid", payment),
        refund(payment, "succeeded"),
        dispute(payment, "reinstated", "won", amount_minor=3000),
        dispute(payment, "withdrawn", amount_minor=3000),
    ]
    for place in order:
        assert (await driver.receive(stories[place]))[0] in ("done", "ignored")
    assert await balance(owner) == 3000
    moved = sorted(await postings(owner))
    assert moved in (
        [("dispute", -3000), ("refund", -2000), ("reinstatement", 3000), ("topup", 5000)],
        [("refund", -2000), ("topup", 5000)],  # that it was over was known before it began
    )
    assert (await driver.show(payment))["dispute_status"] == "won"


async def test_a_refund_and_its_payment_at_the_same_moment_miss_nothing(
    driver: PaymentDriver, owner: Connection
) -> None:
    payments = [await driver.payment(key=str(number)) for number in range(8)]
    await asyncio.gather(*(
        driver.receive(story)
        for payment in payments
        for story in (
            paid(f"evt_{payment}", payment),
            {**refund(payment, "succeeded", id=f"re_{payment}"), "id": f"evt_r{payment}"},
        )
    ))  # fmt: skip
    assert await balance(owner) == 8 * 3000


async def test_money_of_others_and_of_another_intent_is_ignored(
    driver: PaymentDriver, owner: Connection
) -> None:
    payment = await credited(driver)
    strange = (
        refund("somebody", "succeeded"),
        refund(payment, "succeeded", stripe_payment_intent_id="pi_other"),
    )
    assert await driver.receive(strange[0]) == ["ignored"]
    assert await driver.receive({**strange[1], "id": "evt_2"}) == ["ignored"]
    assert await balance(owner) == 5000


async def test_what_stripe_took_is_taken_up_to_the_credit(
    driver: PaymentDriver, owner: Connection
) -> None:
    payment, other = await credited(driver), await credited(driver, "other")
    assert await driver.receive(refund(payment, "succeeded", amount=5001)) == ["done"]
    taken = dispute(other, "withdrawn", amount_minor=5043)
    assert await driver.receive(taken) == ["done"]
    assert await balance(owner) == 0
    assert await driver.receive(dispute(other, "reinstated", "won", amount_minor=5043)) == ["done"]
    assert await balance(owner) == 5000


async def test_a_refund_in_another_currency_is_a_dead_letter_and_can_be_retried(
    driver: PaymentDriver, owner: Connection
) -> None:
    payment = await credited(driver)
    assert await driver.receive(refund(payment, "succeeded", currency="usd")) == ["dead_letter"]
    assert (await driver.show(payment))["under_review"] == "refund_currency_differs"
    right = refund(payment, "succeeded")
    await driver.database.call("retry_event", SERVICE, event_id=right["id"], fact=right["fact"])
    assert await balance(owner) == 3000
    assert (await driver.show(payment))["under_review"] is None


async def test_a_refund_arrives_before_the_failure_that_made_it_possible(
    driver: PaymentDriver, owner: Connection
) -> None:
    payment = await credited(driver)
    states = await driver.receive(
        refund(payment, "succeeded", 4000), refund(payment, "succeeded", 5000, id="re_2")
    )
    assert (states, await balance(owner)) == (["done", "done"], 0)
    assert await driver.receive(refund(payment, "failed", 4000)) == ["done"]
    assert await balance(owner) == 0
    assert await driver.receive(refund(payment, "failed", 5000, id="re_2")) == ["done"]
    assert await balance(owner) == 5000


async def test_a_clawback_may_leave_a_debt_that_a_spend_may_not(
    driver: PaymentDriver, owner: Connection
) -> None:
    payment, other = await credited(driver), await driver.payment(key="other", amount=9000)
    await spend(owner, 4000)
    await driver.receive(refund(payment, "succeeded", 4000), dispute(payment, "withdrawn"))
    assert await balance(owner) == -4000
    assert (await driver.show(payment))["refundable"]["amount_minor"] == 0
    assert (await driver.show(other))["debt"]["amount"] == "40.00"
    wallets = await driver.database.call(
        "list_wallets", driver.world.ben, organization_id=driver.world.acme
    )
    assert wallets[0]["balance"]["amount"] == "-40.00"


async def test_owners_and_admins_are_told_each_step_once(
    driver: PaymentDriver, owner: Connection
) -> None:
    payment = await credited(driver)
    story = [
        clawback_event(payment, "warning", "w", id="issfr_1", reason="misc"),
        dispute(payment, "created"),
        dispute(payment, "withdrawn"),
        dispute(payment, "reinstated", "won"),
    ]
    for each in (*story, *story):
        await driver.receive(each)
    event_for = await owner.fetch(
        "select n.kind, c.telegram_chat_id from notifications as n"
        " inner join chats as c on n.chat_id = c.id where n.kind ~ 'dispute|fraud' order by n.id"
    )
    steps = ["fraud_warned", "dispute_opened", "dispute_withdrawn", "dispute_reinstated"]
    assert [tuple(row) for row in event_for] == [
        (kind, 1001) for kind in [*steps, "dispute_closed"]
    ]
    rows = await driver.database.call(
        "list_audit_log", driver.world.ana, organization_id=driver.world.acme
    )
    assert [row["action"] for row in rows["entries"]][::-1] == [*steps, "dispute_closed"]


async def test_16_at_once_get_no_more_than_is_left(driver: PaymentDriver) -> None:
    payment = await credited(driver)

    async def one(number: int) -> str:
        try:
            return str((await request_refund(driver, payment, f"r{number}", amount=900))["status"])
        except PursebotError as error:
            return error.code

    answers = sorted(await asyncio.gather(*(one(number) for number in range(16))))
    assert answers == ["refund_too_large"] * 11 + ["requested"] * 5


async def test_a_refund_is_not_more_than_the_wallet_has_after_another_payments(
    driver: PaymentDriver, owner: Connection
) -> None:
    first, second = await credited(driver, "1"), await credited(driver, "2")
    await driver.receive(dispute(first, "withdrawn"))
    await driver.receive(refund(first, "succeeded", 3000))
    await spend(owner, 3000)
    assert await balance(owner) == 2000
    with pytest.raises(RefundTooLarge) as refused:
        await request_refund(driver, second, amount=2001)
    assert refused.value.facts == {"most": "20.00", "currency": "eur"}
    assert (await request_refund(driver, second))["money"]["amount"] == "20.00"
    with pytest.raises(NothingToRefund):
        await request_refund(driver, second, "again")


async def test_who_may_ask_for_a_refund_and_for_what(driver: PaymentDriver) -> None:
    payment, unpaid = await credited(driver), await driver.payment(key="unpaid")
    for who, refusal in ((driver.world.ben, RoleTooLow), (driver.world.eve, NotFound)):
        with pytest.raises(refusal):
            await request_refund(driver, payment, who=who)
    with pytest.raises(NothingToRefund):
        await request_refund(driver, unpaid)
    for amount in (0, -100):
        with pytest.raises(AmountTooSmall):
            await request_refund(driver, payment, amount=amount)
    made = await request_refund(driver, payment, amount=100)
    assert await request_refund(driver, payment, amount=100) == made
    for other in ({"amount": 101}, {"amount": 100, "reason": "duplicate"}):
        with pytest.raises(IdempotencyKeyReused):
            await request_refund(driver, payment, **other)
    seen = await driver.database.call("get_refund", driver.world.ben, refund_id=made["id"])
    assert (seen["status"], seen["refunded_by"]) == ("requested", "Ana")
    with pytest.raises(NotFound):
        await driver.database.call("get_refund", driver.world.eve, refund_id=made["id"])
