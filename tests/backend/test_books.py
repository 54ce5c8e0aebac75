"""Our books and Stripe's say the same, whatever happened and however its events arrived.

A story is what people and Stripe do to an organization, while no event is delivered, or some are;
then all of them are, each at least twice, in an order drawn by Hypothesis, and again as long as one
is answered with an error, as Stripe does. What must hold then: what the local Stripe has of the
organization's money, payment by payment, is what the ledger has.
"""

import asyncio
import json
import random
import tempfile
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
from hypothesis import HealthCheck, given, settings, strategies as some

from backend.database import SERVICE
from backend.postgres import postgres_database
from tests.backend.conftest import DECLINE, SUCCESS, House, open_house
from tests.backend.test_webhook_door import signed
from tests.conftest import populate

Json = dict[str, Any]

OURS = """
select p.stripe_payment_intent_id as intent, p.currency, sum(e.amount)::bigint as amount
from payments as p
join transfers as t on t.reference = p.id::text
join entries as e on e.transfer_id = t.id
join accounts as a on a.id = e.account_id and a.kind = 'wallet'
where p.organization_id = $1
group by p.id having sum(e.amount) <> 0
"""
BALANCES = """
select currency, balance from accounts
where organization_id = $1 and kind = 'wallet' and balance <> 0
"""


@dataclass
class Story:
    """A house, its chance, and what has happened so far."""

    house: House
    chance: random.Random
    paid: list[UUID] = field(default_factory=list)
    delivered: set[str] = field(default_factory=set)

    async def events(self) -> list[Json]:
        """All that Stripe has ever made here, as it made them."""
        return [event for _, event in self.house.store.list("event")]

    async def deliver(self, events: list[Json]) -> list[Json]:
        """Post each; answers those that Stripe would post again."""
        again = []
        for event in events:
            raw = json.dumps(event).encode()
            status, _ = await self.house.post_event(raw, signed(raw))
            assert status in (200, 500), event["type"]
            again += [event] if status == 500 else []
        return again


async def topup(story: Story) -> None:
    """Somebody pays on Stripe's page, perhaps after a decline."""
    payment = await story.house.topup(key=str(uuid4()))
    if story.chance.random() < 0.3:
        await story.house.pay(payment, DECLINE)
    await story.house.pay(payment, SUCCESS)
    story.paid.append(payment)


async def unpaid_topup(story: Story) -> None:
    """A page that nobody pays on, or in vain."""
    payment = await story.house.topup(key=str(uuid4()))
    if story.chance.random() < 0.5:
        await story.house.pay(payment, DECLINE)


async def delayed_topup(story: Story) -> None:
    """A debit that arrives, or fails, after a while."""
    payment = await story.house.topup(key=str(uuid4()))
    await story.house.pay(payment, story.chance.choice(["delayed_success", "delayed_failure"]))
    if story.chance.random() < 0.7:
        session = await story.house.session(payment)
        await story.house.sandbox("POST", f"/stripe/sessions/{session}/settle")


async def some_events_arrive(story: Story) -> None:
    """A few, whichever."""
    events = await story.events()
    await story.deliver(story.chance.sample(events, min(3, len(events))))


async def returning(story: Story) -> None:
    """A payer comes back from the page before any event does."""
    if story.paid:
        await story.house.client.check(1001, story.chance.choice(story.paid))


ACTS: dict[str, Callable[[Story], Awaitable[None]]] = {
    act.__name__: act for act in (topup, unpaid_topup, delayed_topup, some_events_arrive, returning)
}


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    acts=some.lists(some.sampled_from(sorted(ACTS)), min_size=1, max_size=10),
    chance=some.randoms(use_true_random=False),
)
def test_our_books_and_stripes_say_the_same(
    acts: list[str], chance: random.Random, database_url: str
) -> None:
    asyncio.run(play(acts, chance, database_url))


async def play(acts: list[str], chance: random.Random, url: str) -> None:
    """One story in an organization of its own."""
    owner = await asyncpg.connect(url)
    try:
        async with postgres_database(url) as database:
            await database.call("claim_stripe_mode", SERVICE, livemode=False)
            world = await populate(database, owner)
            with tempfile.TemporaryDirectory() as folder:
                async with open_house(database, world, Path(folder)) as house:
                    await house.sandbox("POST", "/stripe/faults", drop=True, delay=3600)
                    story = Story(house, chance)
                    for act in acts:
                        await ACTS[act](story)
                    await deliver_everything(story)
                    await compare(story, owner)
    finally:
        await owner.close()


async def deliver_everything(story: Story) -> None:
    """Everything twice in any order, then what was answered 500 as long as it is."""
    events = await story.events() * 2
    story.chance.shuffle(events)
    for _ in range(4):
        events = await story.deliver(events)
    assert not events, {event["type"] for event in events}


async def compare(story: Story, owner: "asyncpg.Connection[Any]") -> None:
    """Payment by payment and in sum; and no way in which the ledger could be wrong."""
    assert not await owner.fetch("select * from private.ledger_problems")
    rows = await owner.fetch(OURS, story.house.world.acme)
    ours = {row["intent"]: (row["currency"], row["amount"]) for row in rows}
    theirs = stripes_books(story.house)
    assert ours == theirs
    totals = Counter[str]()
    for currency, amount in theirs.values():
        totals[currency] += amount
    balances = await owner.fetch(BALANCES, story.house.world.acme)
    assert {row["currency"]: row["balance"] for row in balances} == dict(totals)


def stripes_books(house: House) -> dict[str, tuple[str, int]]:
    """What Stripe keeps of each intent: what was charged."""
    kept: dict[str, tuple[str, int]] = {}
    for _, charge in house.store.list("charge"):
        if charge["status"] == "succeeded":
            kept[charge["payment_intent"]] = (charge["currency"], charge["amount_captured"])
    return kept
