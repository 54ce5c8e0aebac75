"""Money that goes back: refunds by the API and by the dashboard, disputes, early fraud warnings."""

import time
from typing import Annotated, Literal

from pydantic import Field

from sandbox.doors import Refusal
from sandbox.store import Json
from sandbox.stripe_calls import A_DAY, Limit, Metadata
from sandbox.stripe_objects import CLAWBACKS, filled, listed, new
from sandbox.stripe_people import priced
from sandbox.stripe_sessions import LocalStripe

Positive = Annotated[int, Field(ge=1, le=2**53)]


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
    disputes = stripe.newest("dispute", charge=charge["id"])
    if not all(dispute["is_charge_refundable"] for dispute in disputes):
        raise Refusal(400, "This charge has been disputed.", code="charge_disputed")
    if not left:
        raise Refusal(400, "It has already been refunded.", code="charge_already_refunded")
    if (amount or left) > left:
        raise Refusal(400, f"Refund amount ({amount}) is greater than unrefunded ({left}).")
    return begin(stripe, step, charge, amount=amount or left, **carried)


def list_refunds(stripe: LocalStripe, *, payment_intent: str, limit: Limit = 10) -> Json:
    """GET /v1/refunds, newest first."""
    found = stripe.newest("refund", payment_intent=payment_intent)
    return listed(found, "/v1/refunds", limit)


def charge_of(stripe: LocalStripe, intent_id: str) -> Json:
    """The charge that was paid."""
    intent = stripe.stored("payment_intent", intent_id)
    charge = stripe.store.get("charge", intent["latest_charge"] or "")
    if charge is None or not charge["paid"]:
        raise Refusal(400, f"This PaymentIntent ({intent_id}) has no successful charge.")
    return charge


def begin(stripe: LocalStripe, step: str, charge: Json, **fields: object) -> Json:
    """A new refund, dispute or warning of the charge."""
    about = {"charge": charge["id"], "payment_intent": charge["payment_intent"]}
    if "amount" in fields:
        about |= {"currency": charge["currency"], "status": ""}
    return move(stripe, step, new(CLAWBACKS[step]["of"], **about, **fields))


def move(stripe: LocalStripe, step: str, thing: Json) -> Json:
    """Carry out one line of the table: the object, its charge's sums, the events."""
    kind = thing["object"]
    if step not in possible(kind, thing.get("status", "")):
        raise Refusal(409, f"This {kind} is {thing['status']}.")
    thing |= filled(CLAWBACKS[step]["changes"], {"due_by": int(time.time()) + 10 * A_DAY})
    stripe.store.put(kind, thing["id"], thing)  # one of the refunds that are summed up
    charge = stripe.stored("charge", thing["charge"])
    refunds = stripe.newest("refund", charge=charge["id"])
    charge["amount_refunded"] = sum(r["amount"] for r in refunds if r["status"] != "failed")
    charge["refunded"] = charge["amount_refunded"] == charge["amount"]
    charge["disputed"] = charge["disputed"] or kind == "dispute"
    stripe.tell(CLAWBACKS[step]["events"], charge, thing)
    return thing


def possible(kind: str, status: str) -> list[str]:
    """The steps that can come next."""
    return [s for s, row in CLAWBACKS.items() if row["of"] == kind and status in row["from"]]


async def go_on(stripe: LocalStripe, id: str, step: str, amount: Positive | None = None) -> Json:
    """A step of a refund or a dispute or, where the id is a paid intent's, a new one of it."""
    kind = CLAWBACKS.get(step, {}).get("of")
    if not kind:
        raise Refusal(400, f"The steps are {', '.join(CLAWBACKS)}.")
    if id[:3] != "pi_":
        return move(stripe, step, stripe.stored(kind, id))
    if kind == "refund":
        return refund(stripe, step, id, amount)
    charge = charge_of(stripe, id)
    asked = {"amount": amount or charge["amount"]} if kind == "dispute" else {}
    return begin(stripe, step, charge, **asked)


async def see_clawbacks(stripe: LocalStripe) -> Json:
    """What was paid and what went back, newest first, with the steps that can come next."""
    listed = []
    for kind in ("charge", "refund", "dispute"):
        for seq, thing in stripe.store.list(kind):
            steps = possible(kind, thing["status"])
            if kind == "charge" and thing["paid"]:
                thing["id"] = thing["payment_intent"]
                steps = [step for step, row in CLAWBACKS.items() if row["from"] == [""]]
            kept = {name: thing[name] for name in ("id", "object", "created", "currency", "status")}
            price = priced(thing["amount"], thing["currency"])
            listed += [(seq, kept | price | {"next": steps})]
    return {"clawbacks": [thing for _, thing in sorted(listed, key=lambda each: -each[0])]}
