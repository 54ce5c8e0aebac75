"""Several wallets in the chat: which one is meant, and amounts of its currency's own scale."""

import pytest

from backend.schemas import Limits, Wallet
from bot.payments.topup_screens import usual_amounts
from tests.bot.conftest import Person, buttons
from tests.bot.fake_backend import ACME, ANA, FakeBackend, euros, membership


async def test_a_currency_after_the_amount_names_another_wallet(
    ana: Person, backend: FakeBackend
) -> None:
    for text in ("/topup 50 usd", "/topup 1000JPY", "/topup 50"):
        await ana.writes(text)
        await ana.sees("Add ")
    requested = [(request.amount, request.currency) for _, request in backend.checkouts]
    assert requested == [("50.00", "usd"), ("1000", "jpy"), ("50.00", "eur")]


async def test_each_wallet_offers_amounts_of_its_own_scale(
    ana: Person, backend: FakeBackend
) -> None:
    backend.memberships[ANA] = [membership(ACME, "Acme", "owner", "jpy")]
    await ana.writes("/balance")
    await ana.sees("Balance: €12.34\nBalance: ¥1,234")
    await ana.writes("/topup")
    offer = await ana.sees("Between €0.50")
    amounts = ["€10.00", "€25.00", "€50.00", "€100.00"]
    assert list(buttons(offer)) == [*amounts, "Other amount", "In JPY"]
    await ana.taps(offer, "In JPY")
    offer = await ana.sees("Between ¥50 and ¥99,999,999 at a time.")
    amounts = ["¥1,000", "¥2,500", "¥5,000", "¥10,000"]
    assert list(buttons(offer)) == [*amounts, "Other amount", "In EUR"]
    await ana.taps(offer, "Other amount")
    await ana.sees("Type the amount to add to Acme, between ¥50")
    await ana.writes("700")
    await ana.sees("Add ")
    [(_, request)] = backend.checkouts
    assert (request.amount, request.currency) == ("700", "jpy")


@pytest.mark.parametrize(
    ("minimum", "currency", "amounts"),
    [
        ("175.00", "huf", "4000.00 10000.00 20000.00 40000.00"),
        ("0.250", "kwd", "10.000 25.000 50.000 100.000"),
        ("3000", "ugx", "100000 250000 500000"),
    ],
)
def test_usual_amounts_are_round_and_within_the_limits(
    minimum: str, currency: str, amounts: str
) -> None:
    limits = Limits(minimum=minimum, maximum="999999", currency=currency)
    wallet = Wallet(balance=euros(0), limits=limits)
    assert [amount.amount for amount in usual_amounts(wallet)] == amounts.split()
