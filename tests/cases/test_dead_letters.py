"""Every dead letter has a way out that moves the wallet, from the command line."""

import json
from typing import Any
from uuid import UUID, uuid4

import pytest

from backend.database.functions.dead_letters import IntentAtStripe
from backend.stripe.dead_letter_actions import distribute_tax
from tests.backend.commands.test_commands import GOOD, received, run
from tests.backend.conftest import System
from tests.backend.stripe.test_webhooks import paid_at_stripe
from tests.cases.stripe_objects import Connection, balance, deliver, intent_of, movements, paid


class Operator:
    """Somebody at the command line."""

    def __init__(self, system: System, url: str) -> None:
        self._settings = GOOD | {"SUPABASE_DB_URL": url, "STRIPE_API_BASE": system.sandbox_url}

    async def types(self, *words: str) -> Any:
        """What a command prints, as JSON, or what it complains of."""
        code, output, errors = await run(*words, **self._settings)
        return json.loads(output) if code == 0 else errors


@pytest.fixture
def operator(system: System, database_url: str) -> Operator:
    return Operator(system, database_url)


async def dead_letter(system: System, payment: UUID, arrived: int) -> str:
    """Another sum arrives than was asked for; the event's id."""
    stripe_event = json.loads(await paid_at_stripe(system, payment))
    received(system, payment, arrived)
    assert await deliver(system, stripe_event) == (200, "dead_letter")
    return str(stripe_event["id"])


@pytest.mark.parametrize("arrived", [1, 1500, 7000])
async def test_accept_credits_what_stripe_received(
    system: System, owner: Connection, operator: Operator, arrived: int
) -> None:
    await system.sandbox("POST", "/stripe/faults", drop=True)
    payment = await system.topup()
    event = await dead_letter(system, payment, arrived)
    would = await operator.types("events", "accept", event, "--dry-run")
    assert (would["posted"], await balance(owner)) == (False, 0)
    assert {(e["account"], e["amount"]) for e in would["entries"]} == {
        ("wallet", f"{arrived / 100:.2f}"), ("stripe", f"-{arrived / 100:.2f}"),
    }  # fmt: skip
    done = await operator.types("events", "accept", event)
    assert (done["posted"], done["entries"]) == (True, would["entries"])
    assert await balance(owner) == arrived
    seen = await system.see(payment)
    assert (seen.status, seen.money.amount_minor, seen.under_review) == ("succeeded", arrived, None)
    assert seen.refundable is not None
    assert seen.refundable.amount_minor == arrived
    assert "no such open event" in await operator.types("events", "accept", event)
    actions = await owner.fetch("select action, through from audit_log where through = 'operator'")
    assert [tuple(row) for row in actions] == [("event_accepted", "operator")]


async def test_what_was_paid_twice_becomes_a_second_payment(
    system: System, owner: Connection, operator: Operator
) -> None:
    first, _ = await paid(system, "first")
    second = await system.topup(key="second")
    stripe_event = json.loads(await paid_at_stripe(system, second))
    # Another intent of the account carries the first one's metadata, and was paid.
    intent = system.store.get("payment_intent", intent_of(system, second)) or {}
    intent["metadata"]["pursebot_payment_id"] = str(first)
    system.store.put("payment_intent", intent["id"], intent)
    stripe_event["data"]["object"]["metadata"]["pursebot_payment_id"] = str(first)
    assert await deliver(system, stripe_event) == (200, "dead_letter")
    assert (await system.see(first)).under_review == "paid_twice"
    await operator.types("events", "accept", stripe_event["id"])
    assert await balance(owner) == 10_000
    assert (await system.see(first)).under_review is None
    rows = await owner.fetch("select amount from payments where status = 'succeeded'")
    assert [row["amount"] for row in rows] == [5000, 5000]
    # Its refund finds it, and so does its other event, though its metadata names the first.
    assert await deliver(system, {**stripe_event, "id": "evt_twin"}) == (200, "done")
    assert (await system.see(first)).under_review is None
    await system.sandbox("POST", f"/stripe/clawbacks/{intent['id']}", step="refund", amount=700)
    [made] = [e for _, e in system.store.list("event") if e["type"] == "refund.created"]
    assert await deliver(system, made) == (200, "done")
    assert await balance(owner) == 9300


async def test_accept_takes_back_what_went_back_meanwhile(
    system: System, owner: Connection, operator: Operator
) -> None:
    await system.sandbox("POST", "/stripe/faults", drop=True)
    payment = await system.topup()
    event = await dead_letter(system, payment, 4000)
    intent = intent_of(system, payment)
    await system.sandbox("POST", f"/stripe/clawbacks/{intent}", step="refund", amount=1000)
    done = await operator.types("events", "accept", event)
    assert await movements(owner) == [("topup", 4000), ("refund", -1000)]
    assert len(done["entries"]) == 4


async def test_money_in_another_currency_becomes_a_payment_of_its_own_and_ends_the_first(
    system: System, owner: Connection, operator: Operator
) -> None:
    await system.sandbox("POST", "/stripe/faults", drop=True)
    payment = await system.topup()
    raw = json.loads(await paid_at_stripe(system, payment))
    intent = system.store.get("payment_intent", intent_of(system, payment)) or {}
    session = system.store.get("checkout.session", await system.session(payment)) or {}
    for kind, thing in (("payment_intent", intent), ("checkout.session", session)):
        system.store.put(kind, thing["id"], {**thing, "currency": "usd"})
    assert await deliver(system, raw) == (200, "dead_letter")
    assert (await system.see(payment)).under_review == "currency_differs"
    await operator.types("events", "accept", raw["id"])
    assert (await system.see(payment)).status == "canceled"
    rows = await owner.fetch("select currency, balance from accounts where kind = 'wallet'")
    assert {tuple(row) for row in rows} == {("eur", 0), ("usd", 5000)}
    # Its page's event, of the same money, is no dead letter any more.
    [other] = [
        e for _, e in system.store.list("event") if e["type"] == "checkout.session.completed"
    ]
    other["data"]["object"]["currency"] = "usd"
    assert await deliver(system, other) == (200, "done")


def test_the_tax_of_an_invoice_is_spread_over_the_intents_that_paid_it() -> None:
    intents = [find_intent_of(100), find_intent_of(2300)]
    distribute_tax(intents, 400)
    assert [intent["tax_minor"] for intent in intents] == [16, 384]
    nothing = [find_intent_of(0)]
    distribute_tax(nothing, 400)
    assert [intent["tax_minor"] for intent in nothing] == [0]


def find_intent_of(received_minor: int) -> IntentAtStripe:
    return IntentAtStripe(
        stripe_payment_intent_id="pi_1", received_minor=received_minor, tax_minor=0, currency="eur",
        happened_at=None, stripe_payment_method_id=None,
    )  # fmt: skip


async def test_where_nothing_arrived_there_is_nothing_to_accept(
    system: System, owner: Connection, operator: Operator
) -> None:
    await system.sandbox("POST", "/stripe/faults", drop=True)
    event = await dead_letter(system, await system.topup(), 0)
    assert "Stripe received nothing" in await operator.types("events", "accept", event)
    closed = await operator.types("events", "dismiss", event, "--reason", "a test of ours")
    assert (closed["state"], closed["stays_unequal"]) == ("ignored", None)
    assert await balance(owner) == 0


async def lost(system: System, owner: Connection, payment: UUID) -> str:
    """The database is one of before the payment was made; the event comes all the same."""
    stripe_event = json.loads(await paid_at_stripe(system, payment))
    await owner.execute("delete from notifications where payment_id = $1", payment)
    await owner.execute("delete from payments where id = $1", payment)
    assert await deliver(system, stripe_event) == (200, "dead_letter")
    return str(stripe_event["id"])


async def test_adopt_makes_the_payment_that_a_restored_database_does_not_have(
    system: System, owner: Connection, operator: Operator
) -> None:
    await system.sandbox("POST", "/stripe/faults", drop=True)
    payment = await system.topup()
    event = await lost(system, owner, payment)
    assert "adopt it" in await operator.types("events", "accept", event)
    would = await operator.types("events", "adopt", event, "--dry-run")
    assert (would["posted"], await balance(owner)) == (False, 0)
    await operator.types("events", "adopt", event)
    assert await balance(owner) == 5000
    seen = await system.see(payment)
    assert (seen.status, seen.paid_by, seen.flow) == ("succeeded", None, "checkout")
    # Its other event, and a repeat, credit nothing more.
    for _, stripe_event in list(system.store.list("event")):
        await deliver(system, stripe_event)
    assert await balance(owner) == 5000


async def test_adopt_trusts_what_arrived_and_whose_customer_it_is_and_no_metadata(
    system: System, owner: Connection, operator: Operator
) -> None:
    await system.sandbox("POST", "/stripe/faults", drop=True)
    payment = await system.topup()
    event = await lost(system, owner, payment)
    received(system, payment, 1234)
    await owner.execute("update organizations set stripe_customer_id = null")
    needed = await operator.types("events", "adopt", event)
    assert "--organization" in needed
    assert "younger than the backup" in needed
    other = str(uuid4())
    assert "--organization" in await operator.types(
        "events", "adopt", event, "--organization", other
    )
    acme = str(system.world.acme)
    await operator.types("events", "adopt", event, "--organization", acme)
    assert await balance(owner) == 1234


async def test_adjust_posts_once_per_reference_and_everybody_sees_it(
    system: System, owner: Connection, operator: Operator
) -> None:
    acme = str(system.world.acme)
    words = ["adjust", "--organization", acme, "--currency", "eur", "--reference", "T-1"]
    words += ["--reason", "a transfer by mistake"]
    would = await operator.types(*words, "--amount", "12.50", "--dry-run")
    assert (would["posted"], await balance(owner)) == (False, 0)
    assert {(e["account"], e["amount"]) for e in would["entries"]} == {
        ("wallet", "12.50"), ("adjustment", "-12.50"),
    }  # fmt: skip
    assert (await operator.types(*words, "--amount", "12.50"))["posted"] is True
    assert (await operator.types(*words, "--amount", "12.50"))["posted"] is False
    assert "of another amount" in await operator.types(*words, "--amount", "13")
    words[words.index("T-1")] = "T-2"
    assert (await operator.types(*words, "--amount=-20"))["posted"] is True
    assert await movements(owner) == [("adjustment", 1250), ("adjustment", -2000)]
    notifications = await owner.fetch("select facts ->> 'amount' from notifications order by id")
    assert [row[0] for row in notifications] == ["12.50", "-20.00"]
    listed = await system.services.database.call(
        "list_transactions", system.world.ben, organization_id=system.world.acme, currency="eur"
    )
    assert [(t["kind"], t["reference"]) for t in listed["transactions"]] == [
        ("adjustment", "T-2"), ("adjustment", "T-1"),
    ]  # fmt: skip


async def test_an_adjustment_that_cannot_be_is_refused_in_words(
    system: System, owner: Connection, operator: Operator
) -> None:
    for changed, text in (
        ({"--currency": "xxx"}, "currenc"),
        ({"--amount": "1,000"}, "1"),
        ({"--amount": "0"}, "0"),
        ({"--amount=--5": "--dry-run"}, "digit"),
        ({"--amount=- 5": "--dry-run"}, "digit"),
        ({"--reference": "has spaces"}, "reference"),
        ({"--reason": " "}, "Say why"),
        ({"--organization": "00000000-0000-4000-8000-00000000beef"}, "no such organization"),
    ):
        words = {
            "--organization": str(system.world.acme), "--currency": "eur", "--amount": "5",
            "--reference": "T-1", "--reason": "why",
        } | changed  # fmt: skip
        answer = await operator.types("adjust", *(part for pair in words.items() for part in pair))
        assert isinstance(answer, str), changed
        assert text in answer
        assert "Traceback" not in answer
    assert await balance(owner) == 0
