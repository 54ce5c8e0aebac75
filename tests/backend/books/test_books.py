"""Our books and Stripe's say the same, whatever happened and however its events arrived.

A story is what payers, banks, the operator and Stripe do to an organization, while few events are
delivered; then all of them are, each at least twice and in any order, and again as long as one is
answered with an error, as Stripe does. The reconciler looks, and the operator accepts what is left.
What must hold then: what `books.stripes_books` makes of Stripe's objects is what the ledger has,
payment by payment.

PURSEBOT_STORIES says how many are told. One that fails names itself: PURSEBOT_STORY=<that> tells
it again, and PURSEBOT_STORY=<that>:0,3,7 only these of its acts.
"""

import os
import random
import secrets
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from backend.database.postgres import postgres_database
from backend.database.protocol import SERVICE
from backend.stripe import reconcile
from tests.backend.books import banks, operators, payers
from tests.backend.books.operators import settle_dead_letters
from tests.backend.books.story import Act, Plot, Story
from tests.backend.books.stripes_books import expected_by_intent
from tests.backend.conftest import open_system
from tests.conftest import populate

STORIES = int(os.environ.get("PURSEBOT_STORIES", "10"))
REPEATED_DELIVERY = os.environ.get("PURSEBOT_STORY")
ACTS: list[Act] = [*payers.ACTS, *banks.ACTS, *operators.ACTS]
BEGINNING: list[Act] = [banks.rates_move, payers.topup, payers.topup, payers.priced_otherwise]
OURS = """
with about (reference, payment_id) as (
    select id::text, id from payments
    union all select stripe_invoice_id, id from payments
)
select p.stripe_payment_intent_id as intent, p.currency, sum(e.amount)::bigint as amount
from transfers as t
join entries as e on e.transfer_id = t.id
join accounts as a on a.id = e.account_id and a.kind = 'wallet'
left join about on about.reference = t.reference
join payments as p on p.id = coalesce(
    about.payment_id,
    case when t.reference like 'clawback:%' then split_part(t.reference, ':', 2)::uuid end
)
where p.organization_id = $1
group by p.id having sum(e.amount) <> 0
"""
BALANCES = """
select currency, balance from accounts
where organization_id = $1 and kind = 'wallet' and balance <> 0
"""


@pytest.mark.parametrize("number", range(1 if REPEATED_DELIVERY else STORIES))
async def test_our_books_and_stripes_say_the_same(number: int, database_url: str) -> None:
    plot = Plot.from_text(REPEATED_DELIVERY) if REPEATED_DELIVERY else Plot(secrets.randbits(32))
    try:
        await run_story(plot, database_url)
    except BaseException as error:
        names = [f"{at} {act.__name__}" for at, act in plot.acts(ACTS)]
        error.add_note(f"PURSEBOT_STORY={plot} tells it again: {', '.join(names)}")
        raise


async def run_story(plot: Plot, url: str) -> None:
    """One story in an organization of its own."""
    owner = await asyncpg.connect(url)
    try:
        async with postgres_database(url) as database:
            await database.call("claim_stripe_account", SERVICE, livemode=False)
            world = await populate(database, owner)
            with tempfile.TemporaryDirectory() as folder:
                async with open_system(database, world, Path(folder)) as system:
                    await system.sandbox("POST", "/stripe/faults", drop=True, delay=3600)
                    story = Story(system, plot.chance_of(-1))
                    for act in BEGINNING:
                        await act(story)
                    for place, act in plot.acts(ACTS):
                        story.chance = plot.chance_of(place)
                        await act(story)
                    story.chance = plot.chance_of(-2)
                    await deliver_everything(story, story.chance)
                    await settle_dead_letters(story)
                    await compare(story, owner)
    finally:
        await owner.close()


async def deliver_everything(story: Story, chance: random.Random) -> None:
    """Everything twice in any order, then what was answered 500 as long as it is."""
    events = (story.stored("event") + story.forged) * 2
    chance.shuffle(events)
    for _ in range(4):
        events = await story.deliver(events)
    assert not events, {event["type"] for event in events}
    await reconcile.reconcile_all(story.system.services)


async def compare(story: Story, owner: "asyncpg.Connection[Any]") -> None:
    """Payment by payment and in sum; and no way in which the ledger could be wrong."""
    assert not await owner.fetch("select * from private.ledger_problems")
    rows = await owner.fetch(OURS, story.system.world.acme)
    ours = {row["intent"]: (row["currency"], row["amount"]) for row in rows}
    theirs = expected_by_intent(story)
    assert ours == theirs
    totals = Counter[str](story.adjusted)
    for currency, amount in theirs.values():
        totals[currency] += amount
    balances = await owner.fetch(BALANCES, story.system.world.acme)
    assert {row["currency"]: row["balance"] for row in balances} == {
        currency: amount for currency, amount in totals.items() if amount
    }
