"""Fixtures of database tests: payments, and events about them."""

from dataclasses import dataclass
from typing import Any

import pytest

from backend.database.postgres import PostgresDatabase
from backend.database.protocol import SERVICE, Database
from tests.conftest import World

Json = dict[str, Any]


@dataclass(frozen=True)
class PaymentDriver:
    """Makes Ana's payments for Acme, and receives events about them."""

    database: Database
    world: World

    async def payment(self, key: str = "key", amount: int = 5000, opened: bool = True) -> str:
        """Create a payment; return its id. With `opened` its page is open. `amount` is in cents."""
        made = await self.database.call(
            "create_payment", self.world.ana,
            organization_id=self.world.acme, amount=amount, currency="eur", idempotency_key=key,
        )  # fmt: skip
        if opened:
            await self.database.call(
                "mark_payment_opened", SERVICE,
                payment_id=made["id"], stripe_checkout_session_id=f"cs_{made['id']}", url="https://pay.example/1",
            )  # fmt: skip
        return str(made["id"])

    async def receive(self, *events: Json) -> list[str]:
        """Receive events; return the state of each."""
        results = await self.database.call("receive_events", SERVICE, events=list(events))
        return [result["state"] for result in results]

    async def show(self, payment_id: str) -> Json:
        """Return a payment as Ana reads it."""
        row: Json = await self.database.call("get_payment", self.world.ana, payment_id=payment_id)
        return row


def event(event_id: str, **fact: Any) -> Json:
    """Return an event about `fact`, as the backend passes it to the database."""
    return {
        "id": event_id,
        "type": "test",
        "livemode": False,
        "created": 1_790_000_000,
        "fact": fact,
    }


def paid(event_id: str, payment_id: str, **changed: Any) -> Json:
    """Return the refetched event that a payment of EUR 50 is paid, with changes of its fact."""
    fact = {
        "about": "payment", "outcome": "paid",
        "payment_id": payment_id, "stripe_payment_intent_id": f"pi_{payment_id}",
        "received_minor": 5000, "tax_minor": 0, "currency": "eur", "refetched": True,
    }  # fmt: skip
    return event(event_id, **{**fact, **changed})


@pytest.fixture
def driver(database: PostgresDatabase, world: World) -> PaymentDriver:
    """Return the driver of payments in this test's database."""
    return PaymentDriver(database, world)
