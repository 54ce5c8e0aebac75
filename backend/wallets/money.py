"""Amounts of the backend: decimal text to minor units and back, by `backend/schemas/amounts.py`.

All amounts that the backend parses are parsed here.
"""

from backend import errors
from backend.schemas.amounts import CURRENCIES, AmountError, major_units, read_money

__all__ = ["CURRENCIES", "major_units", "minor_units"]

REFUSALS = {error.code: error for error in errors.tree(errors.AmountRefused)}


def minor_units(text: str, code: str) -> int:
    """Parse decimal text in major units: `("12.50", "eur")` -> 1250.

    Raises CurrencyUnknown, AmountUnreadable, AmountAmbiguous, AmountTooPrecise. SQL checks the
    limits of a charge (`private.require_amount`).
    """
    try:
        return read_money(text, code).amount_minor
    except AmountError as error:
        raise REFUSALS[error.code](**error.facts) from None
