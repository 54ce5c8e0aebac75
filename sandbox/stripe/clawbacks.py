"""Refunds by the API and the dashboard, disputes, early fraud warnings."""

import time
from collections import defaultdict
from typing import Annotated, Literal

from pydantic import Field

from sandbox.refusals import Refusal
from sandbox.store import Json
from sandbox.stripe.clawback_steps import (
    NEW,
    NO_STATUS,
    STEPS,
    first_steps,
    possible_steps,
)
from sandbox.stripe.currencies import amount_with_currency, check_currency, decimal_amount
from sandbox.stripe.local_stripe import LocalStripe
from sandbox.stripe.objects import new
from sandbox.stripe.parameters import A_DAY, Metadata, PositiveNumber

NOT_REFUNDED = ("failed", "canceled")  # refunds that were none in the end
EVIDENCE_WITHIN = 10 * A_DAY  # seconds
WARNING = "radar.early_fraud_warning"
SignedAmount = Annotated[int, Field(ge=-(2**53), le=2**53)]


def create_refund(
    stripe: LocalStripe,
    *,
    payment_intent: str,
    amount: PositiveNumber | None = None,
    reason: Literal["duplicate", "fraudulent", "requested_by_customer"] | None = None,
    metadata: Metadata | None = None,
) -> Json:
    """Answer POST /v1/refunds (https://docs.stripe.com/api/refunds/create)."""
    carried = {"reason": reason, "metadata": metadata or {}}
    return refund(stripe, "refund", payment_intent, amount, **carried)


def refund(
    stripe: LocalStripe, step: str, intent_id: str, amount: int | None, **carried: object
) -> Json:
    """Refund `amount` (charge unit) of an intent's charge, or all that is left; return the refund.

    `step` is one of those that make a refund. Raises Refusal (400) as Stripe does: for a disputed
    or refunded charge, and for more than is left.
    """
    stripe.referenced("payment_intent", intent_id, "payment_intent")
    charge = paid_charge(stripe, intent_id)
    left = charge["amount"] - charge["amount_refunded"]
    disputes = stripe.newest("dispute", charge=charge["id"])
    if not all(dispute["is_charge_refundable"] for dispute in disputes):
        raise Refusal(
            400,
            f"Charge {charge['id']} has been charged back; cannot issue a refund.",
            code="charge_disputed",
        )
    if not left:
        raise Refusal(
            400, f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded"
        )
    if (amount or left) > left:
        requested, rest = (
            amount_with_currency(each, charge["currency"]) for each in (amount or 0, left)
        )
        message = (
            f"Refund amount ({requested}) is greater than unrefunded amount on charge ({rest})"
        )
        raise Refusal(400, message, param="amount")
    return _begin(stripe, step, charge, amount=amount or left, **carried)


def paid_charge(stripe: LocalStripe, intent_id: str) -> Json:
    """Return the paid charge of an intent. Raises Refusal (400) where there is none."""
    intent = stripe.stored("payment_intent", intent_id)
    charge = stripe.store.get("charge", intent["latest_charge"] or "")
    if charge is None or not charge["paid"]:
        raise Refusal(
            400, f"This PaymentIntent ({intent_id}) does not have a successful charge to refund."
        )
    return charge


def _begin(stripe: LocalStripe, step: str, charge: Json, **fields: object) -> Json:
    """Make a new refund, dispute or warning of a charge, and return it."""
    about = {"charge": charge["id"], "payment_intent": charge["payment_intent"]}
    if "amount" in fields:
        about |= {"currency": charge["currency"], "status": NEW}
    if STEPS[step].of == WARNING:
        about["actionable"] = _is_actionable(charge)
    return take_step(stripe, step, new(STEPS[step].of, **about | fields))


def take_step(stripe: LocalStripe, name: str, clawback: Json, amount: int = 0) -> Json:
    """Take a step of an object: change it, the balance and its charge, post events; return it.

    `amount` is by how much to adjust. Raises Refusal (409) for a step that is not possible now.
    """
    kind, step = clawback["object"], STEPS[name]
    charge = stripe.stored("charge", clawback["charge"])
    if name not in possible_steps(kind, _status_of(clawback)):
        raise Refusal(409, f"This {kind} is {clawback['status']}.")
    if name == "escalate" and charge["refunded"]:
        raise Refusal(409, "What was refunded as a whole is not disputed any more.")
    clawback |= step.changes
    if step.needs_evidence:
        clawback["evidence_details"]["due_by"] = int(time.time()) + EVIDENCE_WITHIN
    moved = step.move_money is not None and step.move_money(stripe, clawback, charge, amount)
    stripe.keep(clawback)  # a refund is one of those that are summed up
    _sum_up(stripe, charge, is_disputed=kind == "dispute")
    events = [*step.events, *(step.events_if_moved if moved else ())]
    stripe.emit(events, charge, clawback)
    _end_warnings(stripe, charge)
    return clawback


def _end_warnings(stripe: LocalStripe, charge: Json) -> None:
    """Let no warning of a charge be actionable that was disputed, or refunded as a whole."""
    for warning in stripe.newest(WARNING, charge=charge["id"]):
        if warning["actionable"] and not _is_actionable(charge):
            stripe.changed(warning | {"actionable": False}, "radar.early_fraud_warning.updated")


def _is_actionable(charge: Json) -> bool:
    """Return whether a warning is (https://docs.stripe.com/api/radar/early_fraud_warnings/object)."""
    return not (charge["disputed"] or charge["refunded"])


def _sum_up(stripe: LocalStripe, charge: Json, *, is_disputed: bool) -> None:
    """Set what a charge says of its refunds and disputes."""
    refunds = stripe.newest("refund", charge=charge["id"])
    amounts = [each["amount"] for each in refunds if each["status"] not in NOT_REFUNDED]
    charge["amount_refunded"] = sum(amounts)
    charge["refunded"] = charge["amount_refunded"] == charge["amount"]
    charge["disputed"] = charge["disputed"] or is_disputed


def _status_of(clawback: Json) -> str:
    """Return the status as the steps have it."""
    status = clawback.get("status", NEW)
    return NO_STATUS if status is None else str(status)


async def run_step(
    stripe: LocalStripe,
    id: str,
    step: str,
    amount: SignedAmount | None = None,
    currency: str | None = None,
) -> Json:
    """Take a step of a refund or a dispute or, for the id of a paid intent, make a new one of it.

    `amount` (charge unit) is how much is refunded or disputed, all if it is left out, or by how
    much to `adjust`; `currency` is a dispute's where that is not the charge's. Returns the object.
    Raises Refusal: 400 for a wrong step or amount, 409 for a step that is not possible now.
    """
    if step not in STEPS:
        raise Refusal(400, f"The steps are {', '.join(STEPS)}.")
    if step == "adjust" and not amount:
        raise Refusal(400, "By how much? `amount`, below 0 if it is taken.")
    kind = STEPS[step].of
    if not id.startswith("pi_"):
        return take_step(stripe, step, stripe.stored(kind, id), amount or 0)
    if amount is not None and amount < 1:
        raise Refusal(400, "`amount` must be at least 1.")
    if kind == "refund":
        return refund(stripe, step, id, amount)
    charge = paid_charge(stripe, id)
    fields: Json = {"amount": amount or charge["amount"]} if kind == "dispute" else {}
    if currency:
        check_currency(currency)
        fields["currency"] = currency
    return _begin(stripe, step, charge, **fields)


async def list_clawbacks(stripe: LocalStripe) -> Json:
    """Return `{"clawbacks": [...]}` for the console: charges, refunds and disputes, newest first.

    Each has its `amount` as decimal text and as `minor` units, the possible steps as `next`, and as
    `booked` the movements of the balance.
    """
    booked = defaultdict[str, list[Json]](list)
    for _, transaction in stripe.store.list("balance_transaction"):
        amount = decimal_amount(transaction["amount"], transaction["currency"])
        booked[transaction["source"]].append({"currency": transaction["currency"]} | amount)
    rows = [
        (seq, _row(clawback, booked[clawback["id"]]))
        for kind in ("charge", "refund", "dispute")
        for seq, clawback in stripe.store.list(kind)
    ]
    rows.sort(key=lambda row: row[0], reverse=True)
    return {"clawbacks": [row for _, row in rows]}


def _row(clawback: Json, booked: list[Json]) -> Json:
    """Return what the console shows of one; a paid charge goes by the id of its intent."""
    id, steps = clawback["id"], possible_steps(clawback["object"], _status_of(clawback))
    if clawback["object"] == "charge" and clawback["paid"]:
        id, steps = clawback["payment_intent"], first_steps()
    return {
        "id": id,
        "object": clawback["object"],
        "created": clawback["created"],
        "currency": clawback["currency"],
        "status": _status_of(clawback),
        "minor": clawback["amount"],
        "next": steps,
        "booked": booked,
        **decimal_amount(clawback["amount"], clawback["currency"]),
    }
