"""Money that goes back: refunds by the API and by the dashboard, disputes, early fraud warnings."""

import time
from collections import defaultdict
from typing import Annotated, Literal

from pydantic import Field

from sandbox.doors import Refusal
from sandbox.store import Json
from sandbox.stripe.balance import MOVEMENTS
from sandbox.stripe.calls import A_DAY, Metadata, check_currency
from sandbox.stripe.objects import CLAWBACKS, filled, new
from sandbox.stripe.people import priced
from sandbox.stripe.sessions import LocalStripe

GONE = ("failed", "canceled")  # refunds that were none in the end
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
    return move(stripe, step, new(CLAWBACKS[step]["of"], **about | fields))


def move(stripe: LocalStripe, step: str, thing: Json, amount: int = 0) -> Json:
    """Carry out one line of the table: the object, its money, its charge's sums, the events."""
    kind, row, charge = thing["object"], CLAWBACKS[step], stripe.stored("charge", thing["charge"])
    if step not in possible(kind, status_of(thing)):
        raise Refusal(409, f"This {kind} is {thing['status']}.")
    if step == "escalate" and charge["refunded"]:
        raise Refusal(409, "What was refunded as a whole is not disputed any more.")
    facts = {"due_by": int(time.time()) + 10 * A_DAY, "null": None}
    thing |= filled(row["changes"], facts)
    moved = "money" in row and MOVEMENTS[row["money"]](stripe.books, thing, charge, amount)
    stripe.store.put(kind, thing["id"], thing)  # one of the refunds that are summed up
    refunds = stripe.newest("refund", charge=charge["id"])
    charge["amount_refunded"] = sum(r["amount"] for r in refunds if r["status"] not in GONE)
    charge["refunded"] = charge["amount_refunded"] == charge["amount"]
    charge["disputed"] = charge["disputed"] or kind == "dispute"
    stripe.tell([*row["events"], *(row.get("reinstated", []) if moved else [])], charge, thing)
    return thing


def status_of(thing: Json) -> str:
    """As the table has it."""
    status = thing.get("status", "")
    return "null" if status is None else str(status)


def possible(kind: str, status: str) -> list[str]:
    """The steps that can come next."""
    return [s for s, row in CLAWBACKS.items() if row["of"] == kind and status in row["from"]]


async def go_on(
    stripe: LocalStripe,
    id: str,
    step: str,
    amount: Annotated[int, Field(ge=-(2**53), le=2**53)] | None = None,
    currency: str | None = None,
) -> Json:
    """A step of a refund or a dispute or, where the id is a paid intent's, a new one of it.

    `amount` is how much is refunded or disputed, of all if it is left out, and by how much to
    `adjust`; `currency` is a dispute's where that is not the charge's.
    """
    kind = CLAWBACKS.get(step, {}).get("of")
    if not kind:
        raise Refusal(400, f"The steps are {', '.join(CLAWBACKS)}.")
    if step == "adjust" and not amount:
        raise Refusal(400, "By how much? `amount`, below 0 if it is taken.")
    if id[:3] != "pi_":
        return move(stripe, step, stripe.stored(kind, id), amount or 0)
    if amount is not None and amount < 1:
        raise Refusal(400, "`amount` must be at least 1.")
    if kind == "refund":
        return refund(stripe, step, id, amount)
    charge = charge_of(stripe, id)
    asked = {"amount": amount or charge["amount"]} if kind == "dispute" else {}
    if currency:
        check_currency(currency)
        asked |= {"currency": currency}
    return begin(stripe, step, charge, **asked)


async def see_clawbacks(stripe: LocalStripe) -> Json:
    """What was paid and what went back, newest first, with the steps that can come next.

    `minor` is the amount in minor units, `booked` what the balance gained or lost by it.
    """
    listed, booked = [], defaultdict[str, list[Json]](list)
    for _, it in stripe.store.list("balance_transaction"):
        price = priced(it["amount"], it["currency"])
        booked[it["source"]].append({"currency": it["currency"]} | price)
    for kind in ("charge", "refund", "dispute"):
        for seq, thing in stripe.store.list(kind):
            steps, source = possible(kind, status_of(thing)), thing["id"]
            if kind == "charge" and thing["paid"]:
                thing["id"] = thing["payment_intent"]
                steps = [step for step, row in CLAWBACKS.items() if row["from"] == [""]]
            kept = {name: thing[name] for name in ("id", "object", "created", "currency")}
            kept["status"] = status_of(thing)
            kept |= {"minor": thing["amount"], "next": steps, "booked": booked[source]}
            listed += [(seq, kept | priced(thing["amount"], thing["currency"]))]
    return {"clawbacks": [thing for _, thing in sorted(listed, key=lambda each: -each[0])]}
