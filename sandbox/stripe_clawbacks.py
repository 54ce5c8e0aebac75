"""Money that goes back: refunds by the API and by the dashboard, disputes, early fraud warnings."""

import time
from collections.abc import Awaitable, Callable
from typing import Annotated, Literal

from pydantic import Field

from sandbox.doors import READ, Refusal
from sandbox.store import Json
from sandbox.stripe_objects import CLAWBACKS, new, stored
from sandbox.stripe_sessions import LocalStripe

A_WEEK = 604_800
# Under which names the events of the table find the object.
NAMES = {"refund": ("refund", "charge.refund"), "dispute": ("charge.dispute",)}
Positive = Annotated[int, Field(ge=1, le=2**53)]
Metadata = dict[str, Annotated[str, Field(max_length=500)]]


def create_refund(
    stripe: LocalStripe,
    *,
    payment_intent: str,
    amount: Positive | None = None,
    reason: Literal["duplicate", "fraudulent", "requested_by_customer"] | None = None,
    metadata: Metadata | None = None,
) -> Json:
    """POST /v1/refunds (docs.stripe.com/api/refunds/create)."""
    carried = {"reason": reason, "metadata": metadata or {}}
    return refund(stripe, "refund", payment_intent, amount, **carried)


def refund(
    stripe: LocalStripe, step: str, intent_id: str, amount: int | None, **carried: object
) -> Json:
    """As much of the charge as is asked for, or all that is left."""
    charge = charge_of(stripe, intent_id)
    left = charge["amount"] - charge["amount_refunded"]
    if charge["disputed"]:
        raise Refusal(400, "This charge has been disputed.", code="charge_disputed")
    if not left:
        raise Refusal(400, "It has already been refunded.", code="charge_already_refunded")
    if (amount or left) > left:
        raise Refusal(400, f"Refund amount ({amount}) is greater than unrefunded ({left}).")
    return begin(stripe, step, "refund", charge, amount=amount or left, **carried)


def list_refunds(
    stripe: LocalStripe, *, payment_intent: str, limit: Annotated[int, Field(ge=1, le=100)] = 10
) -> Json:
    """GET /v1/refunds, newest first."""
    found = [r for _, r in stripe.store.list("refund") if r["payment_intent"] == payment_intent]
    page = {"data": found[::-1][:limit], "has_more": len(found) > limit}
    return {"object": "list", "url": "/v1/refunds", **page}


def charge_of(stripe: LocalStripe, intent_id: str) -> Json:
    """The charge that was paid."""
    intent = stored(stripe.store, "payment_intent", intent_id)
    charge = stripe.store.get("charge", intent["latest_charge"] or "")
    if charge is None or not charge["paid"]:
        raise Refusal(400, f"This PaymentIntent ({intent_id}) has no successful charge.")
    return charge


def begin(stripe: LocalStripe, step: str, kind: str, charge: Json, **fields: object) -> Json:
    """A new refund, dispute or warning of the charge."""
    about = {"charge": charge["id"], "payment_intent": charge["payment_intent"]}
    thing = new(kind, **about, **fields, **({"status": ""} if kind in NAMES else {}))
    if kind in NAMES:
        thing["currency"] = charge["currency"]
    return move(stripe, step, thing)


def move(stripe: LocalStripe, step: str, thing: Json) -> Json:
    """Carry out one line of the table: the object, its charge's sums, the events."""
    row, kind = CLAWBACKS[step], thing["object"]
    if thing.get("status", "") not in row["from"]:
        raise Refusal(409, f"This {kind} is {thing['status']}.")
    thing |= row["changes"]
    stripe.store.put(kind, thing["id"], thing)
    charge = stored(stripe.store, "charge", thing["charge"])
    gone = [
        refund["amount"]
        for _, refund in stripe.store.list("refund")
        if refund["charge"] == charge["id"] and refund["status"] != "failed"
    ]
    charge["amount_refunded"] = sum(gone)
    charge["refunded"] = charge["amount_refunded"] == charge["amount"]
    charge["disputed"] = charge["disputed"] or kind == "dispute"
    stripe.store.put("charge", charge["id"], charge)
    stripe.tell(row["events"], {"charge": charge, **dict.fromkeys(NAMES.get(kind, (kind,)), thing)})
    return thing


async def by_dashboard(
    stripe: LocalStripe,
    id: str,
    step: Literal["refund", "refund_pending", "dispute", "warn"],
    amount: Positive | None = None,
) -> Json:
    """A refund, a dispute or a warning of a paid intent, as if from elsewhere."""
    if step in ("refund", "refund_pending"):
        return refund(stripe, step, id, amount)
    charge = charge_of(stripe, id)
    if step == "warn":
        return begin(stripe, step, "radar.early_fraud_warning", charge)
    details = {"due_by": int(time.time()) + A_WEEK, "enhanced_eligibility": {}}
    details |= {"has_evidence": False, "past_due": False, "submission_count": 0}
    asked = amount or charge["amount"]
    return begin(stripe, step, "dispute", charge, amount=asked, evidence_details=details)


async def go_on(
    stripe: LocalStripe, id: str, step: Literal["succeed", "fail", "respond", "win", "lose"]
) -> Json:
    """What a bank says of a refund, or what becomes of a dispute."""
    return move(stripe, step, stored(stripe.store, "refund" if id[:3] == "re_" else "dispute", id))


CALLS: dict[tuple[str, str], Callable[..., Json]] = {
    ("POST", "/v1/refunds"): READ(create_refund),
    ("GET", "/v1/refunds"): READ(list_refunds),
}
DOORS: dict[tuple[str, str], Callable[..., Awaitable[Json]]] = {
    ("POST", "/stripe/payment_intents/{id:pi_.+}/clawbacks"): by_dashboard,
    ("POST", "/stripe/clawbacks/{id}"): go_on,
}
