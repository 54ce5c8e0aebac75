"""`python -m bench`: what two choices of the design cost or save, measured on this machine.

Each comparison runs both ways in turn, several rounds, against a real PostgreSQL that writes to
disk. The ratio of the medians is what counts; the rates depend on the machine.
"""

import asyncio
import statistics
import sys
import tempfile
import time
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg

from backend.database import migrations
from backend.database.postgres import postgres_database
from backend.database.protocol import SERVICE, Database
from sandbox.postgres.cluster import embedded_postgres

Json = dict[str, Any]

ROUNDS = 7
PAYERS = 16
EACH = 10  # payments that one payer makes in a round
BATCH = 50  # events a call, as the reconciler has it
AMOUNT = 5000  # minor units

PAYMENTS = """
with organization as (
    insert into organizations (name) values ('Bench') returning id
), wallet as (
    select id as organization_id, private.open_wallet(id, 'eur') as wallet_id from organization
)
insert into payments (
    organization_id, wallet_id, currency, amount, created_by, expires_at
)
select
    w.organization_id, w.wallet_id, 'eur', $1, $2, now() + interval '1 hour'
from wallet as w, generate_series(1, $3)
returning id::text
"""


@dataclass
class Bench:
    """A migrated database, and a user who pays."""

    database: Database
    owner: "asyncpg.Connection[Any]"
    payer: uuid.UUID

    async def events(self, payments: int) -> list[Json]:
        """Create payments of a new organization, and return an event that pays each."""
        rows = await self.owner.fetch(PAYMENTS, AMOUNT, self.payer, payments)
        return [paid(row["id"]) for row in rows]

    async def receive(self, events: list[Json]) -> None:
        """Apply events in one call, as one delivery of a webhook is.

        Exits if one is not credited.
        """
        results = await self.database.call("receive_events", SERVICE, events=events)
        if {result["state"] for result in results} != {"done"}:
            raise SystemExit(f"The bench credited nothing: {results[0]}")

    async def all_pay(self, queues: list[list[Json]]) -> None:
        """Apply each queue of events one after the other, all queues at the same time."""

        async def pay(queue: list[Json]) -> None:
            for event in queue:
                await self.receive([event])

        await asyncio.gather(*map(pay, queues))

    async def own_wallets(self) -> float:
        """Measure payers who top up a wallet of their own, in seconds."""
        queues = [await self.events(EACH) for _ in range(PAYERS)]
        return await seconds(self.all_pay(queues))

    async def one_wallet(self) -> float:
        """Measure payers who top up the same wallet, in seconds: the cost of a shared row."""
        events = await self.events(EACH * PAYERS)
        return await seconds(self.all_pay([events[payer::PAYERS] for payer in range(PAYERS)]))

    async def single_calls(self) -> float:
        """Measure a backlog of events with a call for each, in seconds."""
        return await seconds(self.all_pay([await self.events(EACH * PAYERS)]))

    async def batched_calls(self) -> float:
        """Measure the same backlog in batches, as the reconciler applies it, in seconds."""
        events = await self.events(EACH * PAYERS)
        return await seconds(self.batches(events))

    async def batches(self, events: list[Json]) -> None:
        """Apply events in calls of BATCH events."""
        for first in range(0, len(events), BATCH):
            await self.receive(events[first : first + BATCH])


def paid(payment_id: str) -> Json:
    """Return the event of a payment that was paid, as `api.receive_events` takes it."""
    fact = {
        "about": "payment", "outcome": "paid", "payment_id": payment_id,
        "stripe_payment_intent_id": f"pi_{payment_id}", "received_minor": AMOUNT, "tax_minor": 0,
        "currency": "eur", "refetched": True,
    }  # fmt: skip
    created = int(time.time())
    return {"id": f"evt_{payment_id}", "type": "bench", "livemode": False, "created": created,
            "fact": fact}  # fmt: skip


async def seconds(work: Awaitable[None]) -> float:
    """Return how many seconds the work takes."""
    began = time.perf_counter()
    await work
    return time.perf_counter() - began


async def compare(
    title: str, first: Callable[[], Awaitable[float]], second: Callable[[], Awaitable[float]]
) -> None:
    """Run both ways, and print their median rates and how many times slower the second is."""
    first_times: list[float] = []
    second_times: list[float] = []
    for number in range(1, ROUNDS + 1):
        first_times.append(await first())
        second_times.append(await second())
        if sys.stderr.isatty():
            print(f"\r{title}: round {number} of {ROUNDS}", end="\r", file=sys.stderr)
    payments = PAYERS * EACH
    first_median, second_median = statistics.median(first_times), statistics.median(second_times)
    rates = f"{payments / first_median:>8.0f}/s {payments / second_median:>8.0f}/s"
    print(f"{title:<52}{rates}   x{second_median / first_median:.1f}", flush=True)


async def main() -> None:
    """Run every comparison on a database of its own."""
    with tempfile.TemporaryDirectory() as folder:
        async with embedded_postgres(Path(folder) / "postgres") as server:
            url = await server.create_database("bench")
            await migrations.migrate(url)
            owner = await asyncpg.connect(url)
            async with postgres_database(url) as database:
                await database.call("claim_stripe_account", SERVICE, livemode=False)
                payer = await owner.fetchval(
                    "insert into private.users (name) values ('Ana') returning id"
                )
                bench = Bench(database, owner, payer)
                print(f"credits a second, medians of {ROUNDS} rounds, {PAYERS} payers at once\n")
                await compare(
                    "a wallet each | one wallet for all", bench.own_wallets, bench.one_wallet
                )
                await compare(
                    "fifty events a call | one a call", bench.batched_calls, bench.single_calls
                )
            await owner.close()


if __name__ == "__main__":
    asyncio.run(main())
