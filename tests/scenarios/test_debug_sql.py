"""The SQL that people type when they look for money: the guides' own, and our document's."""

import re
from pathlib import Path
from typing import Any

import asyncpg

from tests.backend.conftest import System

TROUBLESHOOTING = Path(__file__).parents[2] / "docs" / "troubleshooting.md"
BLOCKS = re.findall(r"```sql\n(.*?)```", TROUBLESHOOTING.read_text(), re.DOTALL)
QUESTIONS = [sql.strip() for block in BLOCKS for sql in block.split(";") if sql.strip()]


async def paid(system: System) -> dict[str, str]:
    """A paid top-up; what the documents' examples stand for, by the example."""
    payment = await system.topup("50")
    await system.pay(payment)
    seen = await system.until(payment, lambda shown: shown.status == "succeeded")
    row = await system.services.database.call("get_payment", system.world.ana, payment_id=payment)
    assert row["reference"] == seen.reference
    return {
        "00000000-0000-0000-0000-000000000000": str(payment),
        "P-8717616ECE": seen.reference,
    }


async def test_every_question_of_the_troubleshooting_page_finds_the_payment(
    system: System, owner: "asyncpg.Connection[Any]"
) -> None:
    examples = await paid(system)
    examples["pi_3Nx"] = await owner.fetchval("select stripe_payment_intent_id from payments")
    collected = {}
    for question in QUESTIONS:
        requests = question
        for example, real in examples.items():
            requests = requests.replace(example, real)
        collected[question] = len(await owner.fetch(requests))
    empty = {question for question, rows in collected.items() if not rows}
    assert empty == {"select * from private.ledger_problems"}


async def test_the_page_asks_of_payments_events_and_balances() -> None:
    requests = "\n".join(QUESTIONS)
    for table in ("from payments", "from stripe_events", "wallet_balance", "payment_statistics"):
        assert table in requests


async def test_the_guides_way_to_a_balance_and_to_a_payment_work_as_typed(
    system: System, owner: "asyncpg.Connection[Any]"
) -> None:
    await paid(system)
    balances = await owner.fetch("select o.id, o.name, o.wallet_balance from organizations o")
    assert [(row["name"], str(row["wallet_balance"])) for row in balances] == [("Acme", "50.00")]
    latest = await owner.fetch("SELECT * FROM payments ORDER BY created_at DESC LIMIT 10;")
    assert [row["status"] for row in latest] == ["succeeded"]
    assert latest[0]["stripe_payment_intent_id"].startswith("pi_")
    statistics = await owner.fetch("SELECT * FROM payment_statistics;")
    assert [row["succeeded"] for row in statistics] == [1]
