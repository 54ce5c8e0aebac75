"""What is credited of an invoice as Stripe answers it: what its intents paid of what we quoted."""

from typing import TYPE_CHECKING, Any

import asyncpg
import pytest

from backend.stripe.parsers.documented import read
from backend.stripe.parsers.invoices import Invoice, parse_invoice
from tests.database.conftest import PaymentDriver, event
from tests.database.test_events import balance
from tests.database.test_subscriptions import subscription

if TYPE_CHECKING:
    Connection = asyncpg.Connection[Any]
else:
    Connection = asyncpg.Connection

__all__ = ["subscription"]

Json = dict[str, Any]


def stripes_invoice(*intents: int, **changed: Any) -> Json:
    """A paid invoice of sub_1 as Stripe answers it, and what each intent paid."""
    payments = [
        {
            "status": "paid", "amount_paid": amount,
            "payment": {"type": "payment_intent", "payment_intent": f"pi_{number}"},
        }
        for number, amount in enumerate(intents)
    ]  # fmt: skip
    return {
        "id": "in_1", "livemode": False, "status": "paid", "attempted": True,
        "parent": {"subscription_details": {"subscription": "sub_1", "metadata": {}}},
        "amount_paid": 5000, "amount_due": 5000, "subtotal": 5000, "total": 5000,
        "total_excluding_tax": 5000, "currency": "eur",
        "billing_reason": "subscription_cycle", "attempt_count": 1, "payments": {"data": payments},
    } | changed  # fmt: skip


@pytest.mark.parametrize(
    ("invoice", "state", "credited"),
    [
        (stripes_invoice(5000), "done", 5000),
        (stripes_invoice(5950, total=5950), "done", 5000),  # with tax on top
        (
            stripes_invoice(5355, total=5355, total_excluding_tax=4500),
            "dead_letter",
            0,
        ),  # discounted
        (
            stripes_invoice(5030, amount_due=5030, starting_balance=30, ending_balance=0),
            "dead_letter",
            0,
        ),  # carries an older one
        (
            stripes_invoice(1500, amount_due=1500, starting_balance=-3500, ending_balance=0),
            "done",
            1500,
        ),  # the operator gave the rest
        (
            stripes_invoice(
                1900, amount_due=1900, total=5900, starting_balance=-4000, ending_balance=0
            ),
            "done",
            1000,
        ),  # the same, with tax on top
        (
            stripes_invoice(
                1500,
                amount_due=1500,
                total=4500,
                total_excluding_tax=4500,
                starting_balance=-3000,
                ending_balance=0,
            ),
            "dead_letter",
            0,
        ),  # discounted, too
        (
            stripes_invoice(1500, amount_due=1500, starting_balance=-3000, ending_balance=0),
            "dead_letter",
            0,
        ),  # a credit note beside it
        (
            stripes_invoice(900, amount_due=900, total=5900, starting_balance=-5000),
            "dead_letter",
            0,
        ),  # nothing but tax arrived
        (stripes_invoice(2000, 3000), "dead_letter", 0),
        (stripes_invoice(2000), "dead_letter", 0),  # the rest was paid elsewhere
        (stripes_invoice(), "dead_letter", 0),
    ],
)
async def test_what_its_intents_paid_of_what_we_quoted_is_credited(
    driver: PaymentDriver,
    owner: Connection,
    subscription: str,
    invoice: Json,
    state: str,
    credited: int,
) -> None:
    fact = parse_invoice(read(Invoice, invoice), "paid").as_json()
    assert await driver.receive(event("evt_1", **fact)) == [state]
    assert await balance(owner) == credited
