"""Money that goes back in the local Stripe, as Stripe's own document and rules have it."""

import time
from pathlib import Path

import pytest
import stripe

from sandbox.stripe.clawback_steps import STEPS
from tests.sandbox.stripe.playground import Playground, local_stripe, paid


async def elsewhere(play: Playground, intent: str, step: str) -> str:
    made = await play.post(f"clawbacks/{intent}", step=step, amount=1000)
    return str(made["id"])


async def test_every_step_of_the_table_is_valid_by_stripes_document(tmp_path: Path) -> None:
    async with local_stripe(tmp_path) as play:
        for steps in (("refund", "fail"), ("refund_pending", "succeed"), ("dispute", "win"),
                      ("dispute", "respond", "lose"), ("inquire", "answer", "close"),
                      ("inquire", "escalate"), ("refund_without_status", "succeed"),
                      ("refund_of_unknown_status", "fail"), ("resolve",), ("block",)):  # fmt: skip
            first, *more = steps
            thing = await elsewhere(play, await paid(play), first)
            for step in more:
                await play.post(f"clawbacks/{thing}", step=step)
            await play.post(f"clawbacks/{thing}", 409, step=steps[-1] if more else "win")
        expected = {type for step in STEPS.values() for type in step.events}
        emitted = {event["type"] for event in play.stored("event")}
        assert expected - emitted == {"radar.early_fraud_warning.created"}  # not in the document


async def test_a_warning_is_actionable_until_its_charge_is_refunded_or_disputed(
    tmp_path: Path,
) -> None:
    async with local_stripe(tmp_path) as play:
        for step in ("dispute", "refund"):
            intent = await paid(play)
            for each in ("warn", step, "warn"):
                await play.post(f"clawbacks/{intent}", step=each)
        warnings = play.stored("radar.early_fraud_warning")
        assert [warning["actionable"] for warning in warnings] == [False] * 4
        events = [event for event in play.stored("event") if "fraud" in event["type"]]
        emitted = [
            (event["type"].rpartition(".")[2], event["data"]["object"]["actionable"])
            for event in events
        ]
        assert emitted == [("created", True), ("updated", False), ("created", False)] * 2


async def test_a_charge_gives_back_what_it_took_and_no_more(tmp_path: Path) -> None:
    async with local_stripe(tmp_path) as play:
        intent = await paid(play)
        for amount in (1000, 4000):
            made = await play.sdk.v1.refunds.create_async(
                {"payment_intent": intent, "amount": amount, "metadata": {"of": "us"}}
            )
            assert made.status == "succeeded"
            with pytest.raises(stripe.InvalidRequestError):
                await play.sdk.v1.refunds.create_async({"payment_intent": intent, "amount": 4001})
        charge = play.stored("charge")[-1]
        assert (charge["amount_refunded"], charge["refunded"]) == (5000, True)
        listed = await play.sdk.v1.refunds.list_async({"payment_intent": intent})
        assert [refund.amount for refund in listed.data] == [4000, 1000]
        disputed = await paid(play)
        await elsewhere(play, disputed, "dispute")
        with pytest.raises(stripe.InvalidRequestError) as refused:
            await play.sdk.v1.refunds.create_async({"payment_intent": disputed})
        assert refused.value.code == "charge_disputed"


async def test_an_inquiry_says_until_when_and_can_be_refunded_until_it_is_a_dispute(
    tmp_path: Path,
) -> None:
    async with local_stripe(tmp_path) as play:
        intent = await paid(play)
        inquiry = await elsewhere(play, intent, "inquire")
        [inquired] = play.stored("dispute")
        assert inquired["status"] == "warning_needs_response"
        assert inquired["evidence_details"]["due_by"] > time.time()
        await play.sdk.v1.refunds.create_async({"payment_intent": intent, "amount": 1000})
        await play.post(f"clawbacks/{inquiry}", step="escalate")
        with pytest.raises(stripe.InvalidRequestError) as refused:
            await play.sdk.v1.refunds.create_async({"payment_intent": intent, "amount": 1000})
        assert refused.value.code == "charge_disputed"
        events = [event["type"] for event in play.stored("event")]
        assert events.index("charge.dispute.funds_withdrawn") > events.index("charge.refunded")
