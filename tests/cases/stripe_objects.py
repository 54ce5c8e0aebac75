"""Stripe's objects and signed events, for the tests of cases from outside."""

import itertools
import json
import time
from typing import TYPE_CHECKING, Any
from uuid import UUID

import asyncpg

from backend.schemas import Payment
from tests.backend.conftest import System
from tests.backend.stripe.test_webhooks import signed

if TYPE_CHECKING:
    Connection = asyncpg.Connection[Any]
else:
    Connection = asyncpg.Connection

Json = dict[str, Any]
NUMBERS = itertools.count(1)


async def paid(system: System, key: str = "key", amount: str = "50") -> tuple[UUID, str]:
    """Make a payment that is credited; return it and its intent. Later events are dropped."""
    payment = await system.topup(amount, key)
    await system.pay(payment)
    await system.until(payment, lambda seen: seen.status == "succeeded")
    await system.sandbox("POST", "/stripe/faults", drop=True)
    return payment, intent_of(system, payment)


def intent_of(system: System, payment: UUID) -> str:
    """Return the id of the intent whose metadata names the payment."""
    for _, intent in system.store.list("payment_intent"):
        if intent["metadata"].get("pursebot_payment_id") == str(payment):
            return str(intent["id"])
    raise AssertionError("nobody has paid it")


def event(type: str, about: Json, **more: Any) -> Json:
    """Return an event of Stripe's about an object, with an id of its own."""
    envelope: Json = {"id": f"evt_case_{next(NUMBERS)}", "object": "event", "type": type}
    envelope |= {"livemode": False, "created": int(time.time()), "data": {"object": about}}
    return {**envelope, **more}


async def post(system: System, type: str, about: Json, **more: Any) -> tuple[int, str]:
    """Deliver a signed event about an object; return the status and the state in the answer."""
    return await deliver(system, event(type, about, **more))


async def deliver(system: System, what: Json) -> tuple[int, str]:
    """Deliver an event, signed; return the status, and the state or the code of the error."""
    raw = json.dumps(what).encode()
    status, body = await system.post_event(raw, signed(raw))
    return status, body.get("state") or body["error"]["code"]


def refund(intent: str, amount: int, status: str | None = "succeeded", id: str = "re_1") -> Json:
    """Return a refund that was made in the dashboard; `amount` in cents."""
    return {
        "id": id, "object": "refund", "amount": amount, "currency": "eur", "charge": "ch_1",
        "payment_intent": intent, "status": status, "reason": None, "metadata": {},
    }  # fmt: skip


def dispute(intent: str, status: str, *moved: tuple[int, str], **more: Any) -> Json:
    """Return a dispute over EUR 50, with balance transactions of these (amount, currency)."""
    return {
        "id": "dp_1", "object": "dispute", "amount": 5000, "currency": "eur", "charge": "ch_1",
        "payment_intent": intent, "status": status, "reason": "fraudulent", "livemode": False,
        "metadata": {}, "evidence_details": {"due_by": None},
        "balance_transactions": [
            {"amount": amount, "currency": currency, "net": amount - 1500, "fee": 1500}
            for amount, currency in moved
        ],
        **more,
    }  # fmt: skip


async def balance(owner: Connection) -> int:
    """Return the sum of all wallets, in minor units."""
    return int(
        await owner.fetchval("select coalesce(sum(balance), 0) from accounts where kind = 'wallet'")
    )


async def movements(owner: Connection) -> list[tuple[str, int]]:
    """Return the (kind, amount) of all transfers in wallets, oldest first."""
    rows = await owner.fetch(
        "select m.kind, m.amount from private.movements as m"
        " inner join accounts as a on m.account_id = a.id and a.kind = 'wallet' order by m.seq"
    )
    return [(row["kind"], row["amount"]) for row in rows]


async def clawback_notifications(owner: Connection, *kinds: str) -> list[tuple[str, str]]:
    """Return the (kind, amount) of the notifications of these kinds."""
    rows = await owner.fetch(
        "select distinct on (n.id) n.kind, n.facts ->> 'amount' as amount from notifications as n"
        " where n.kind = any($1) order by n.id",
        list(kinds),
    )
    return [(row["kind"], row["amount"]) for row in rows]


def left(seen: Payment) -> str | None:
    """Return how much of a payment can still be refunded, as decimal text."""
    return None if seen.refundable is None else str(seen.refundable.amount)
