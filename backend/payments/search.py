"""Find payments again: what a text that somebody typed can mean."""

import re
from typing import Final

from backend.database.functions import history, payments_search
from backend.database.functions.payments_search import AmountReading
from backend.database.protocol import Person
from backend.failures import StripeRefused, StripeUnavailable
from backend.schemas import (
    CURRENCIES,
    AmountError,
    MatchingPayments,
    PaymentSearch,
    currency_of,
    read_money,
)
from backend.services import Services

# Ids of charges, which our rows do not have: https://docs.stripe.com/api/charges/object
CHARGE_ID: Final = re.compile("(ch|py)_[A-Za-z0-9]{1,64}")


async def find_payments(
    services: Services, actor: Person, search: PaymentSearch
) -> MatchingPayments:
    """List an organization's payments that a text can mean, as far as the actor may see them.

    Raises NotFound, BadCursor.
    """
    wallets = await history.list_wallets(
        services.database, actor, organization_id=search.organization_id
    )
    return await payments_search.find_payments(
        services.database,
        actor,
        organization_id=search.organization_id,
        search_text=await searchable_text(services, search.text),
        amounts=amount_readings(search.text, [wallet.balance.currency for wallet in wallets]),
        cursor=search.cursor,
        max_rows=search.limit,
    )


async def searchable_text(services: Services, text: str) -> str:
    """Return the text that our rows know: for a charge of Stripe's, its intent's id.

    A charge that Stripe does not know, or does not tell of now, matches nothing.
    """
    text = text.strip()
    if not CHARGE_ID.fullmatch(text):
        return text
    try:
        charge = await services.stripe.get_charge(text)
    except (StripeRefused, StripeUnavailable):
        return text
    return charge.payment_intent or text


def amount_readings(text: str, currencies: list[str]) -> list[AmountReading]:
    """Return what a text means as an amount: in the currency that it names, else in `currencies`.

    Both readings of one that could mean two amounts; none of what is no amount.
    """
    named = sorted({currency_of(text, currency) for currency in currencies} & CURRENCIES.keys())
    return [
        {"currency": currency, "amount": amount}
        for currency in named
        for amount in minor_amounts(text, currency)
    ]


def minor_amounts(text: str, currency: str) -> list[int]:
    """Return the readings of an amount in minor units of a currency; none where it has none."""
    try:
        return [abs(read_money(text, currency).amount_minor)]
    except AmountError as error:
        readings = error.facts.get("readings", "").split()
        return [amount for reading in readings for amount in exact_amount(reading, currency)]


def exact_amount(reading: str, currency: str) -> list[int]:
    """Return one of the two readings of a number, unless the currency has no such amount."""
    whole, _, decimals = reading.partition(".")
    try:
        return [read_money(f"{whole}.{decimals:0<2}", currency).amount_minor]
    except AmountError:
        return []
