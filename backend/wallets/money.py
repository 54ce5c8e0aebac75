"""Amounts of the backend: decimal text to minor units and back, by `backend/schemas/amounts.py`.

All amounts that the backend parses are parsed here.
"""

from backend import errors
from backend.database.functions import organizations as sql_organizations
from backend.database.protocol import Database, Person
from backend.schemas import Money, PaymentRequest, SubscriptionRequest
from backend.schemas.amounts import CURRENCIES, AmountError, major_units, read_money

__all__ = ["CURRENCIES", "major_units", "minor_units", "requested_amount"]

REFUSALS = {error.code: error for error in errors.tree(errors.AmountRefused)}


async def requested_amount(
    database: Database, actor: Person, request: PaymentRequest | SubscriptionRequest
) -> Money:
    """Parse the amount of a request, in the organization's default currency where none is named.

    Raises NotFound, and what `parse_money` raises.
    """
    currency = request.currency
    if currency is None:
        organization = await sql_organizations.get_organization(
            database, actor, organization_id=request.organization_id
        )
        currency = organization.default_currency
    return parse_money(request.amount, currency.lower())


def minor_units(text: str, code: str) -> int:
    """Parse an amount into minor units: `("12.50", "eur")` -> 1250. Raises as `parse_money`."""
    return parse_money(text, code).amount_minor


def parse_money(text: str, code: str) -> Money:
    """Parse decimal text in the currency of this lower-case ISO code.

    Raises CurrencyUnknown, AmountUnreadable, AmountAmbiguous, AmountTooPrecise. SQL checks the
    limits of a charge (`private.require_amount`).
    """
    try:
        return read_money(text, code)
    except AmountError as error:
        raise REFUSALS[error.code](**error.facts) from None
