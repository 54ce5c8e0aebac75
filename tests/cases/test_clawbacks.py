"""Refunds and disputes as Stripe has them: partial, taxed, in other currencies, in any order.

What they take out of the wallet is one target per payment, computed from all of them each time.
"""

from itertools import permutations
from typing import Any

import pytest

from backend.schemas import RefundRequest
from tests.backend.conftest import ANA, System
from tests.cases.stripe_objects import (
    Connection,
    Json,
    balance,
    clawback_notifications,
    dispute,
    left,
    movements,
    paid,
    post,
    refund,
)

WITHDRAWN = "charge.dispute.funds_withdrawn"
REINSTATED = "charge.dispute.funds_reinstated"
CLOSED = "charge.dispute.closed"
DISPUTES = ("dispute_opened", "dispute_withdrawn", "dispute_reinstated", "dispute_closed")


async def test_a_lost_dispute_of_which_the_refunded_part_comes_back_moves_nothing(
    system: System, owner: Connection
) -> None:
    payment, intent = await paid(system)
    await post(system, "refund.created", refund(intent, 2000))
    taken = dispute(intent, "needs_response", (-5000, "eur"))
    await post(system, "charge.dispute.created", taken)
    await post(system, WITHDRAWN, taken)
    assert await balance(owner) == 0
    over = dispute(intent, "lost", (-5000, "eur"), (2000, "eur"))
    for type in (CLOSED, REINSTATED, CLOSED):
        assert await post(system, type, over) == (200, "done")
    assert await movements(owner) == [("topup", 5000), ("refund", -2000), ("dispute", -3000)]
    assert left(await system.see(payment)) == "0.00"
    assert await clawback_notifications(owner, *DISPUTES) == [
        ("dispute_opened", "50.00"), ("dispute_withdrawn", "30.00"), ("dispute_closed", "30.00"),
    ]  # fmt: skip


@pytest.mark.parametrize("adjustment", [37, 1, -12])
async def test_differences_of_exchange_rates_are_the_operators(
    system: System, owner: Connection, adjustment: int
) -> None:
    payment, intent = await paid(system)
    await post(system, WITHDRAWN, dispute(intent, "needs_response", (-5430, "usd")))
    assert await balance(owner) == 0
    lost = dispute(intent, "lost", (-5430, "usd"), (adjustment, "usd"))
    assert await post(system, CLOSED, lost) == (200, "done")
    assert await post(system, REINSTATED, lost) == (200, "done")
    assert await balance(owner) == 0
    assert left(await system.see(payment)) == "0.00"


async def test_a_dispute_that_is_won_in_another_settlement_currency_comes_back_whole(
    system: System, owner: Connection
) -> None:
    _, intent = await paid(system)
    await post(system, WITHDRAWN, dispute(intent, "needs_response", (-5430, "usd")))
    won = dispute(intent, "won", (-5430, "usd"), (5391, "usd"))  # at another day's rate
    assert await post(system, REINSTATED, won) == (200, "done")
    assert await balance(owner) == 5000


@pytest.mark.parametrize(("claimed", "currency"), [(5043, "eur"), (5430, "usd"), (5043, "gbp")])
async def test_a_dispute_of_another_sum_or_currency_takes_what_stripe_took_up_to_the_credit(
    system: System, owner: Connection, claimed: int, currency: str
) -> None:
    payment, intent = await paid(system)
    taken = dispute(intent, "needs_response", (-5043, "eur"), amount=claimed, currency=currency)
    assert await post(system, WITHDRAWN, taken) == (200, "done")
    assert await balance(owner) == 0
    seen = await system.see(payment)
    assert (seen.under_review, seen.dispute_status) == (None, "needs_response")
    assert ("dispute_withdrawn", "50.00") in await clawback_notifications(owner, *DISPUTES)


async def test_a_dispute_in_a_currency_that_is_neither_the_charges_nor_the_balances(
    system: System, owner: Connection
) -> None:
    # The charge came to USD 55.00; of that the dispute, in pounds, took 27.50: a half.
    await system.sandbox("POST", "/stripe/faults", settlement="usd", rates={"usd": 1 / 1.1})
    _, intent = await paid(system)
    await system.sandbox(
        "POST", f"/stripe/clawbacks/{intent}", step="dispute", amount=2150, currency="gbp"
    )
    [(_, stored)] = system.store.list("dispute")
    assert await post(system, WITHDRAWN, stored) == (200, "done")
    [(_, charge)] = system.store.list("charge")
    settled = system.store.get("balance_transaction", charge["balance_transaction"]) or {}
    took = -sum(each["amount"] for each in stored["balance_transactions"])
    assert await balance(owner) == 5000 - round(5000 * took / settled["amount"])


async def test_a_dispute_in_a_currency_that_we_do_not_have_takes_what_stripe_took(
    system: System, owner: Connection
) -> None:
    payment, intent = await paid(system)
    taken = dispute(intent, "needs_response", (-5000, "eur"), amount=17_000_000, currency="mnt")
    assert await post(system, WITHDRAWN, taken) == (200, "done")
    assert await balance(owner) == 0
    [seen] = (await system.see(payment)).disputes
    assert (seen.money.amount, seen.money.currency) == ("50.00", "eur")


@pytest.mark.parametrize(("moved", "after"), [([], 5000), ([(-5000, "eur")], 0)])
async def test_a_prevented_dispute_is_judged_by_what_it_moved(
    system: System, owner: Connection, moved: list[tuple[int, str]], after: int
) -> None:
    _, intent = await paid(system)
    assert await post(system, CLOSED, dispute(intent, "prevented", *moved)) == (200, "done")
    assert await balance(owner) == after


async def test_fees_are_never_the_wallets(system: System, owner: Connection) -> None:
    _, intent = await paid(system)
    taken = dispute(intent, "needs_response", (-2000, "eur"), amount=2000)
    assert taken["balance_transactions"][0]["net"] == -3500
    await post(system, WITHDRAWN, taken)
    assert await balance(owner) == 3000


@pytest.mark.parametrize("order", list(permutations(range(4))))
async def test_no_order_and_no_repetition_of_events_matters(
    system: System, owner: Connection, order: tuple[int, ...]
) -> None:
    _, intent = await paid(system)
    events: list[tuple[str, Json]] = [
        ("refund.created", refund(intent, 1111)),
        ("refund.failed", refund(intent, 700, "failed", "re_2")),
        (WITHDRAWN, dispute(intent, "needs_response", (-3000, "eur"), amount=3000)),
        (CLOSED, dispute(intent, "lost", (-3000, "eur"), (500, "eur"), amount=3000)),
    ]
    for place in (*order, *order):
        assert await post(system, *events[place]) == (200, "done")
    assert await balance(owner) == 5000 - 1111 - 2500


async def test_a_refund_of_a_dispute_in_progress_takes_nothing_more_than_the_credit(
    system: System, owner: Connection
) -> None:
    _, intent = await paid(system)
    await post(system, WITHDRAWN, dispute(intent, "needs_response", (-5000, "eur")))
    await post(system, "refund.created", refund(intent, 5000))
    assert await balance(owner) == 0
    assert await clawback_notifications(owner, "refund_made") == [("refund_made", "50.00")]
    won = dispute(intent, "won", (-5000, "eur"), (5000, "eur"))
    await post(system, REINSTATED, won)
    assert await balance(owner) == 0  # the refund stays


async def taxed(system: System) -> tuple[Any, str]:
    """EUR 20 of credit, for which the payer paid 24 with tax."""
    await system.sandbox("POST", "/stripe/faults", tax_percent=20)
    payment = await system.topup("20")
    await system.pay(payment)
    await system.until(payment, lambda seen: seen.status == "succeeded")
    await system.sandbox("POST", "/stripe/faults", drop=True)
    [intent] = [each["id"] for _, each in system.store.list("payment_intent")]
    return payment, intent


async def test_a_refund_of_all_that_was_paid_with_tax_takes_back_all_that_was_credited(
    system: System, owner: Connection
) -> None:
    payment, intent = await taxed(system)
    assert await balance(owner) == 2000
    assert await post(system, "refund.created", refund(intent, 1200)) == (200, "done")
    assert await balance(owner) == 1000
    assert await post(system, "refund.created", refund(intent, 1200, id="re_2")) == (200, "done")
    assert await balance(owner) == 0
    seen = await system.see(payment)
    assert (left(seen), seen.refunded and seen.refunded.amount) == ("0.00", "20.00")


async def test_a_dispute_of_all_that_was_paid_with_tax_takes_back_all_that_was_credited(
    system: System, owner: Connection
) -> None:
    _, intent = await taxed(system)
    taken = dispute(intent, "needs_response", (-2400, "eur"), amount=2400)
    assert await post(system, WITHDRAWN, taken) == (200, "done")
    assert await balance(owner) == 0


@pytest.mark.parametrize("parts", [["20"], ["5", "15"], ["0.01", "0.02", "19.97"], [None]])
async def test_our_own_refund_of_a_taxed_payment_gives_the_payer_the_tax_as_well(
    system: System, owner: Connection, parts: list[str | None]
) -> None:
    payment, _ = await taxed(system)
    for number, part in enumerate(parts):
        made = await system.client.create_refund(
            ANA, payment, RefundRequest(amount=part), idempotency_key=f"r{number}"
        )
        assert made.status == "succeeded"
        assert made.money.amount == (f"{float(part):.2f}" if part else "20.00")
    assert await balance(owner) == 0
    assert sum(each["amount"] for _, each in system.store.list("refund")) == 2400
