"""Any story of events about one payment credits it at most once, and once if money came."""

import asyncio

import asyncpg
from hypothesis import HealthCheck, given, settings, strategies as st

from backend.database.postgres import postgres_database
from backend.database.protocol import SERVICE
from tests.conftest import populate
from tests.database.conftest import PaymentDriver, paid

STORY = st.lists(
    st.tuples(
        st.sampled_from(["paid", "processing", "declined", "failed", "expired", "canceled"]),
        st.sampled_from(["pi_one", "pi_two"]),
        st.sampled_from(["session", "intent"]),
        st.integers(0, 3),
    ),
    max_size=12,
)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(story=STORY)
def test_any_story_credits_at_most_once_and_exactly_once_if_money_came(
    story: list[tuple[str, str, str, int]], database_url: str
) -> None:
    asyncio.run(play(story, database_url))


async def play(story: list[tuple[str, str, str, int]], url: str) -> None:
    """One payment, one story; events that are alike in everything are the same event."""
    owner = await asyncpg.connect(url)
    async with postgres_database(url) as database:
        await database.call("claim_stripe_account", SERVICE, livemode=False)
        driver = PaymentDriver(database, await populate(database, owner))
        payment = await driver.payment(key=f"story {driver.world.acme}")
        for outcome, intent, source, number in story:
            name = f"evt_{payment}_{outcome}_{intent}_{source}_{number}"
            fact = {
                "about": "payment",
                "outcome": outcome,
                "stripe_payment_intent_id": f"{intent}_{payment}",
                "source": source,
            }
            await driver.receive(paid(name, payment, **fact))
        shown = await driver.show(payment)
    credits = await owner.fetchval("select count(*) from transfers where reference = $1", payment)
    problems = await owner.fetch("select * from private.ledger_problems")
    await owner.close()
    came = any(outcome == "paid" for outcome, *_ in story)
    assert (credits, shown["status"] == "succeeded") == (int(came), came)
    assert not problems
