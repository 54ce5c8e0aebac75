"""How database tests make payments and tell them what Stripe says."""

from dataclasses import dataclass
from typing import Any

import pytest

from backend.database.postgres import PostgresDatabase
from backend.database.protocol import SERVICE, Database
from tests.conftest import World

Json = dict[str, Any]


@dataclass(frozen=True)
class PaymentDriver:
    """Makes payments of Ana's for Acme and receives events about them."""

    database: Database
    world: World

    async def payment(self, key: str = "key", amount: int = 5000, opened: bool = True) -> str:
        """A payment's id; with a page that is open."""
        made = await self.database.call(
            "create_payment", self.world.ana,
            organization_id=self.world.acme, amount=amount, currency="eur", idempotency_key=key,
        )  # fmt: skip
        if opened:
            await self.database.call(
                "mark_payment_opened", SERVICE,
                payment_id=made["id"], session_id=f"cs_{made['id']}", url="https://pay.example/1",
            )  # fmt: skip
        return str(made["id"])

    async def receive(self, *events: Json) -> list[str]:
        """Each event's state after it."""
        results = await self.database.call("receive_events", SERVICE, events=list(events))
        return [result["state"] for result in results]

    async def show(self, payment_id: str) -> Json:
        """The payment as Ana sees it."""
        row: Json = await self.database.call("get_payment", self.world.ana, payment_id=payment_id)
        return row


def event(event_id: str, **fact: Any) -> Json:
    """An event as the backend hands it over, about `fact`."""
    return {
        "id": event_id,
        "type": "test",
        "livemode": False,
        "created": 1_790_000_000,
        "fact": fact,
    }


def paid(event_id: str, payment_id: str, **changed: Any) -> Json:
    """Money for a payment of EUR 50 as Stripe answers when it is asked, unless `changed`."""
    fact = {
        "about": "payment", "outcome": "paid",
        "payment_id": payment_id, "intent_id": f"pi_{payment_id}",
        "received_minor": 5000, "tax_minor": 0, "currency": "eur", "refetched": True,
    }  # fmt: skip
    return event(event_id, **{**fact, **changed})


@pytest.fixture
def driver(database: PostgresDatabase, world: World) -> PaymentDriver:
    """See `Till`."""
    return PaymentDriver(database, world)
