"""Amounts of a top-up over HTTP: read as people write them, refused in the sender's terms."""

from typing import Any
from uuid import UUID

from tests.backend.conftest import System, token

REFUSED: list[tuple[Any, str]] = [
    ("0", "amount_too_small"), ("-5", "amount_too_small"), ("0.49", "amount_too_small"),
    ("1e9", "amount_unreadable"), ("NaN", "amount_unreadable"), ("", "amount_unreadable"),
    ("50 dollars", "amount_unreadable"), ("１００", "amount_unreadable"),
    ("1.000.00", "amount_unreadable"), ("٥٠", "amount_unreadable"),
    (10.001, "amount_too_precise"), ("1,0050", "amount_too_precise"),
    ("1000000", "amount_too_large"), ("9" * 15, "amount_too_large"),
    ("9" * 64, "amount_unreadable"), ("9" * 10_000, "invalid_request"),
]  # fmt: skip


async def order(system: System, amount: Any, currency: str) -> tuple[int, Any]:
    """POST /api/payments/checkout as Ana: status and answer."""
    wish = {"organization_id": str(system.world.acme), "amount": amount, "currency": currency}
    headers = {"Authorization": f"Bearer {token()}"}
    path = f"{system.url}/api/payments/checkout"
    async with system.http.post(path, json=wish, headers=headers) as answer:
        return answer.status, await answer.json()


async def test_amounts_that_cannot_be_are_refused_in_their_senders_terms(system: System) -> None:
    for amount, code in REFUSED:
        status, body = await order(system, amount, "eur")
        assert (status in (400, 422), body["error"]["code"]) == (True, code), str(amount)[:64]
        assert amount == "" or str(amount) not in body["error"]["message"].split()


async def test_amounts_are_read_as_people_write_them(system: System) -> None:
    for amount in ("50", "50.0", "50.00", "50,00", " 50 ", 50, 50.0, "050"):
        status, body = await order(system, amount, "EUR")
        assert status == 201, amount
        assert (await system.see(UUID(body["payment_id"]))).money.amount_minor == 5000
