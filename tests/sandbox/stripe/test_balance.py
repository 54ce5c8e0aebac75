"""Stripe's own books in the local Stripe: what charges, refunds and disputes do to the balance."""

from typing import Any

import pytest

from tests.sandbox.stripe.playground import Json, Playground, paid


async def step(play: Playground, id: str, step: str, **more: Any) -> Json:
    """What the bank or the dashboard does; answers the refund or the dispute."""
    return await play.post(f"clawbacks/{id}", step=step, **more)


def moved(play: Playground, **of: str) -> list[tuple[int, str]]:
    """The balance's movements: gross, and in which currency."""
    booked = play.stored("balance_transaction")
    return [(it["amount"], it["currency"]) for it in booked if of.items() <= it.items()]


def emitted(play: Playground, since: int = 0) -> list[str]:
    return [event["type"] for event in play.stored("event")][since:]


async def test_a_charge_is_booked_gross_with_its_fee_beside_it(play: Playground) -> None:
    await paid(play)
    [booked] = play.stored("balance_transaction")
    assert (booked["amount"], booked["currency"], booked["fee"], booked["net"]) == (
        5000, "eur", 100, 4900,
    )  # fmt: skip
    assert booked["exchange_rate"] is None
    [charge] = play.stored("charge")
    assert (charge["balance_transaction"], booked["source"]) == (booked["id"], charge["id"])
    [event] = [it for it in play.stored("event") if it["type"] == "charge.succeeded"]
    assert event["data"]["object"]["balance_transaction"] is None  # captured, not booked yet


async def test_what_does_not_succeed_is_not_booked(play: Playground) -> None:
    session = await play.session()
    await play.pay(session.id, "4000000000000002")
    assert play.stored("balance_transaction") == []


async def test_a_dispute_takes_its_amount_and_a_fee_and_won_gives_back_the_amount(
    play: Playground,
) -> None:
    intent = await paid(play)
    dispute = await step(play, intent, "dispute")
    [withdrawal] = dispute["balance_transactions"]
    assert (withdrawal["amount"], withdrawal["fee"], withdrawal["net"]) == (-5000, 1500, -6500)
    assert withdrawal["reporting_category"] == "dispute"
    won = await step(play, dispute["id"], "win")
    assert [it["amount"] for it in won["balance_transactions"]] == [-5000, 5000]
    assert won["balance_transactions"][1]["fee"] == 0
    assert emitted(play)[-2:] == ["charge.dispute.closed", "charge.dispute.funds_reinstated"]


async def test_a_part_can_be_disputed_and_lost(play: Playground) -> None:
    intent = await paid(play)
    dispute = await step(play, intent, "dispute", amount=1200)
    assert (await step(play, dispute["id"], "lose"))["status"] == "lost"
    assert moved(play, source=dispute["id"]) == [(-1200, "eur")]
    assert emitted(play)[-1] == "charge.dispute.closed"


async def test_of_a_dispute_lost_after_a_refund_the_refunded_part_comes_back(
    play: Playground,
) -> None:
    intent = await paid(play)
    await step(play, intent, "refund", amount=2000)
    dispute = await step(play, intent, "dispute")
    lost = await step(play, dispute["id"], "lose")
    assert (lost["status"], moved(play, source=lost["id"])) == (
        "lost", [(-5000, "eur"), (2000, "eur")],
    )  # fmt: skip
    assert sum(amount for amount, _ in moved(play)) == 0
    assert emitted(play)[-2:] == ["charge.dispute.closed", "charge.dispute.funds_reinstated"]


async def test_a_dispute_of_more_than_the_charge_is_lost_as_it_is(play: Playground) -> None:
    dispute = await step(play, await paid(play), "dispute", amount=5043)
    await step(play, dispute["id"], "lose")
    assert moved(play, source=dispute["id"]) == [(-5043, "eur")]


async def test_an_inquiry_takes_nothing_until_it_is_a_dispute(play: Playground) -> None:
    inquiry = await step(play, await paid(play), "inquire", amount=1000)
    assert moved(play, source=inquiry["id"]) == []
    assert inquiry["is_charge_refundable"] is True
    await step(play, inquiry["id"], "escalate")
    assert moved(play, source=inquiry["id"]) == [(-1000, "eur")]


async def test_what_was_refunded_as_a_whole_is_not_disputed_after_an_inquiry(
    play: Playground,
) -> None:
    intent = await paid(play)
    inquiry = await step(play, intent, "inquire")
    await step(play, intent, "refund")
    await play.post(f"clawbacks/{inquiry['id']}", 409, step="escalate")
    await step(play, inquiry["id"], "close")
    assert moved(play, source=inquiry["id"]) == []


@pytest.mark.parametrize(("how", "taken"), [("resolve", [(-5000, "eur")]), ("block", [])])
async def test_a_prevented_dispute_costs_no_fee_and_may_take_nothing(
    play: Playground, how: str, taken: list[tuple[int, str]]
) -> None:
    prevented = await step(play, await paid(play), how)
    assert prevented["status"] == "prevented"
    assert moved(play, source=prevented["id"]) == taken
    assert all(it["fee"] == 0 for it in prevented["balance_transactions"])
    await play.post(f"clawbacks/{prevented['id']}", 409, step="win")


async def test_a_failed_refund_comes_back(play: Playground) -> None:
    refund = await step(play, await paid(play), "refund_pending", amount=700)
    failed = await step(play, refund["id"], "fail")
    assert moved(play, source=refund["id"]) == [(-700, "eur"), (700, "eur")]
    assert failed["failure_balance_transaction"] != failed["balance_transaction"]
    assert play.stored("charge")[0]["amount_refunded"] == 0


@pytest.mark.parametrize(
    ("how", "status"), [("refund_without_status", None), ("refund_of_unknown_status", "in_transit")]
)
async def test_a_refund_can_be_of_a_status_that_nobody_knows(
    play: Playground, how: str, status: str | None
) -> None:
    refund = await step(play, await paid(play), how, amount=300)
    assert (refund["status"], play.stored("charge")[0]["amount_refunded"]) == (status, 300)
    seen = await play.sdk.v1.refunds.retrieve_async(refund["id"])
    assert seen.status == status
    assert (await step(play, refund["id"], "succeed"))["status"] == "succeeded"


async def test_an_account_paid_out_in_another_currency_has_its_books_in_that_one(
    play: Playground,
) -> None:
    await play.post("faults", settlement="usd", rates={"usd": 0.8})
    intent = await paid(play)
    await play.post("faults", settlement=None)  # what is paid stays in the balance where it is
    dispute = await step(play, intent, "dispute")
    assert moved(play) == [(6250, "usd"), (-6250, "usd")]
    assert play.stored("balance_transaction")[0]["exchange_rate"] == 1.25
    assert (dispute["amount"], dispute["currency"]) == (5000, "eur")
    await play.post("faults", rates={"usd": 1})
    await step(play, dispute["id"], "win")
    assert moved(play, source=dispute["id"]) == [(-6250, "usd"), (5000, "usd")]
    await step(play, dispute["id"], "adjust", amount=37)
    assert moved(play, source=dispute["id"])[-1] == (37, "usd")
    assert (await paid(play)) != intent
    assert moved(play)[-1] == (5000, "eur")


async def test_a_dispute_can_be_in_the_currency_of_the_card(play: Playground) -> None:
    await play.post("faults", rates={"usd": 0.92})
    intent = await paid(play)
    dispute = await step(play, intent, "dispute", amount=5430, currency="usd")
    assert (dispute["amount"], dispute["currency"]) == (5430, "usd")
    assert moved(play, source=dispute["id"]) == [(-4996, "eur")]
    await play.post(f"clawbacks/{intent}", 400, step="dispute", currency="xxx")


async def test_yen_and_dollars_are_converted_by_their_digits(play: Playground) -> None:
    await play.post("faults", settlement="usd", rates={"usd": 1, "jpy": 0.006})
    price = {"currency": "jpy", "unit_amount": 5000, "product_data": {"name": "Acme"}}
    session = await play.session(line_items=[{"quantity": 1, "price_data": price}])
    await play.pay(session.id)
    assert moved(play) == [(3000, "usd")]


async def test_a_step_that_makes_no_sense_is_refused(play: Playground) -> None:
    intent = await paid(play)
    await play.post(f"clawbacks/{intent}", 400, step="dispute", amount=0)
    await play.post(f"clawbacks/{intent}", 400, step="adjust")
    await play.post("faults", 400, settlement="doubloons")
    inquiry = await step(play, intent, "inquire")
    await play.post(f"clawbacks/{inquiry['id']}", 409, step="adjust", amount=1)
