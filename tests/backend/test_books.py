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
from tests.backend.conftest import DECLINE, SUCCESS, House, open_house, token
from tests.backend.test_webhook_door import signed
from tests.conftest import populate

Json = dict[str, Any]

OURS = """
with about (reference, payment_id) as (
    select id::text, id from payments
    union all select stripe_invoice_id, id from payments
    union all select 'clawback:' || id || ':' || generate_series(1, clawbacks), id from payments
)
select p.stripe_payment_intent_id as intent, p.currency, sum(e.amount)::bigint as amount
from payments as p
join about on about.payment_id = p.id
join transfers as t using (reference)
join entries as e on e.transfer_id = t.id
join accounts as a on a.id = e.account_id and a.kind = 'wallet'
where p.organization_id = $1
group by p.id having sum(e.amount) <> 0
"""
BALANCES = """
select currency, balance from accounts
where organization_id = $1 and kind = 'wallet' and balance <> 0
"""

INQUIRIES = ("warning_needs_response", "warning_under_review", "warning_closed")  # take no money


@dataclass
class Story:
    """A house, its chance, and what has happened so far."""

    house: House
    chance: random.Random
    paid: list[UUID] = field(default_factory=list)

    def stored(self, kind: str) -> list[Json]:
        """All of a kind that Stripe has here, oldest first."""
        return [thing for _, thing in self.house.store.list(kind)]

    async def knock(self, door: str, **body: Any) -> None:
        """Do something at Stripe, which may refuse."""
        body = {name: value for name, value in body.items() if value is not None}
        path = f"{self.house.sandbox_url}/stripe/{door}"
        async with self.house.http.post(path, json=body) as answer:
            assert answer.status in (200, 400, 409), await answer.text()

    async def ask(self, door: str, **body: Any) -> Json:
        """What an admin does over the API; it may refuse, and so may Stripe, who knows more."""
        headers = {"Authorization": f"Bearer {token()}", "Idempotency-Key": str(uuid4())}
        path = f"{self.house.url}/api/payments/{door}"
        async with self.house.http.post(path, json=body, headers=headers) as answer:
            assert answer.status in (201, 409, 422, 502), await answer.text()
            said: Json = await answer.json()
            return said

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
    events = story.stored("event")
    await story.deliver(story.chance.sample(events, min(3, len(events))))


async def returning(story: Story) -> None:
    """A payer comes back from the page before any event does."""
    if story.paid:
        await story.house.client.check(1001, story.chance.choice(story.paid))


async def saved_card(story: Story) -> None:
    """A card is saved, and paid with at once; some are declined."""
    card = story.chance.choice(["pm_card_visa", "pm_card_chargeCustomerFail"])
    place = {"organization_id": str(story.house.world.acme)}
    added = await story.ask("methods", **place, payment_method_id=card)
    order = {**place, "amount": "50", "payment_method_id": added["method"]["id"]}
    paid = await story.ask("charge", **order)
    story.paid.append(UUID(paid["id"]))


async def refund_by_an_admin(story: Story) -> None:
    """In the chat or over the API; more than is left is refused."""
    wanted: Json = {"reason": "requested_by_customer"}
    if story.chance.random() < 0.5:
        wanted["amount"] = str(story.chance.randint(1, 60))
    if story.paid:
        await story.ask(f"{story.chance.choice(story.paid)}/refund", **wanted)


async def something_at_stripe(story: Story) -> None:
    """In the dashboard, or by a payer's bank: refund, dispute, inquiry, warning."""
    intents = [intent for intent in story.stored("payment_intent") if intent["amount_received"]]
    if intents:
        intent = story.chance.choice(intents)["id"]
        step = story.chance.choice(["refund", "refund_pending", "dispute", "inquire", "warn"])
        amount = story.chance.choice([None, 700, 4999])
        await story.knock(f"clawbacks/{intent}", step=step, amount=amount)


async def a_bank_goes_on(story: Story) -> None:
    """A refund arrives or fails; a dispute is answered, won or lost, or was an inquiry only."""
    inquiry, dispute = ["answer", "close", "escalate"], ["respond", "win", "lose"]
    steps = {"refund": ["succeed", "fail"], "dispute": inquiry + dispute}
    things = [(thing, kind) for kind in steps for thing in story.stored(kind)]
    if things:
        thing, kind = story.chance.choice(things)
        step = story.chance.choice(steps[kind])
        [charge] = [it for it in story.stored("charge") if it["id"] == thing["charge"]]
        if step != "lose" or not charge["amount_refunded"]:  # what comes back then is not judged
            await story.knock(f"clawbacks/{thing['id']}", step=step)


async def recurring_topup(story: Story) -> None:
    """One begins on Stripe's page, with a card that may fail later."""
    terms = {"amount": "50", "interval": story.chance.choice(["week", "month"])}
    made = await story.ask("subscriptions", organization_id=str(story.house.world.acme), **terms)
    card = story.chance.choice([SUCCESS, DECLINE, "renewals_declined"])
    await story.knock(f"sessions/{made['url'].rpartition('/')[2]}/pay", card=card)


async def weeks_go_by(story: Story) -> None:
    """What is due is renewed, or not paid."""
    await story.knock("clock", days=story.chance.randint(7, 31))


ACTS: dict[str, Callable[[Story], Awaitable[None]]] = {
    act.__name__: act
    for act in (
        topup,
        unpaid_topup,
        delayed_topup,
        some_events_arrive,
        returning,
        saved_card,
        refund_by_an_admin,
        something_at_stripe,
        a_bank_goes_on,
        recurring_topup,
        weeks_go_by,
    )
}


@settings(
    max_examples=20,
    deadline=None,
    report_multiple_bugs=False,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    acts=some.lists(some.sampled_from(sorted(ACTS)), min_size=12, max_size=24),
    seed=some.integers(0, 2**32),
)
def test_our_books_and_stripes_say_the_same(acts: list[str], seed: int, database_url: str) -> None:
    # Hypothesis's own chance prefers the ends of every range; a life is more even.
    chance = random.Random(seed)  # noqa: S311
    asyncio.run(play(["topup", "topup", *acts], chance, database_url))


async def play(acts: list[str], chance: random.Random, url: str) -> None:
    """One story in an organization of its own."""
    owner = await asyncpg.connect(url)
    try:
        async with postgres_database(url) as database:
            await database.call("claim_stripe_account", SERVICE, livemode=False)
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
    events = story.stored("event") * 2
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
    assert {row["currency"]: row["balance"] for row in balances} == {
        currency: amount for currency, amount in totals.items() if amount
    }


def stripes_books(house: House) -> dict[str, tuple[str, int]]:
    """What Stripe keeps of each intent: charged, less refunds and disputes that were not won."""
    kept = Counter[tuple[str, str]]()
    for kind, sign, given_back in (
        ("charge", 1, ("failed", "pending")),
        ("refund", -1, ("failed", "canceled")),
        ("dispute", -1, ("won", *INQUIRIES)),
    ):
        for _, thing in house.store.list(kind):
            if thing["status"] not in given_back:
                kept[thing["payment_intent"], thing["currency"]] += sign * thing["amount"]
    # What refunds and disputes take back together is never more than the credit.
    return {intent: (currency, amount) for (intent, currency), amount in kept.items() if amount > 0}
