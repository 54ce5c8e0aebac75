"""Stripe's objects and signed events, in the tests of cases from outside."""

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
    """A payment that is paid and credited, and its intent. No event is delivered from here on."""
    payment = await system.topup(amount, key)
    await system.pay(payment)
    await system.until(payment, lambda seen: seen.status == "succeeded")
    await system.sandbox("POST", "/stripe/faults", drop=True)
    return payment, intent_of(system, payment)


def intent_of(system: System, payment: UUID) -> str:
    """The intent at Stripe whose metadata names the payment."""
    for _, intent in system.store.list("payment_intent"):
        if intent["metadata"].get("pursebot_payment_id") == str(payment):
            return str(intent["id"])
    raise AssertionError("nobody has paid it")


def event(type: str, about: Json, **more: Any) -> Json:
    """An event of Stripe's about an object, with an id of its own."""
    envelope: Json = {"id": f"evt_case_{next(NUMBERS)}", "object": "event", "type": type}
    envelope |= {"livemode": False, "created": int(time.time()), "data": {"object": about}}
    return {**envelope, **more}


async def post(system: System, type: str, about: Json, **more: Any) -> tuple[int, str]:
    """Deliver it, signed; the status and the state that the answer names."""
    return await deliver(system, event(type, about, **more))


async def deliver(system: System, what: Json) -> tuple[int, str]:
    """Deliver an event, signed; the status and the state, or the code of the error."""
    raw = json.dumps(what).encode()
    status, body = await system.post_event(raw, signed(raw))
    return status, body.get("state") or body["error"]["code"]


def refund(intent: str, amount: int, status: str | None = "succeeded", id: str = "re_1") -> Json:
    """A refund that somebody made in the dashboard."""
    return {
        "id": id, "object": "refund", "amount": amount, "currency": "eur", "charge": "ch_1",
        "payment_intent": intent, "status": status, "reason": None, "metadata": {},
    }  # fmt: skip


def dispute(intent: str, status: str, *moved: tuple[int, str], **more: Any) -> Json:
    """A dispute over EUR 50, and the amounts of its balance transactions."""
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
    """What all wallets have, in minor units."""
    return int(
        await owner.fetchval("select coalesce(sum(balance), 0) from accounts where kind = 'wallet'")
    )


async def movements(owner: Connection) -> list[tuple[str, int]]:
    """What moved in wallets, oldest first."""
    rows = await owner.fetch(
        "select m.kind, m.amount from private.movements as m"
        " inner join accounts as a on m.account_id = a.id and a.kind = 'wallet' order by m.seq"
    )
    return [(row["kind"], row["amount"]) for row in rows]


async def clawback_notifications(owner: Connection, *kinds: str) -> list[tuple[str, str]]:
    """What owners were told of money that went back: kind and amount."""
    rows = await owner.fetch(
        "select distinct on (n.id) n.kind, n.facts ->> 'amount' as amount from notifications as n"
        " where n.kind = any($1) order by n.id",
        list(kinds),
    )
    return [(row["kind"], row["amount"]) for row in rows]


def left(seen: Payment) -> str | None:
    """What of a payment may still go back."""
    return None if seen.refundable is None else str(seen.refundable.amount)
