"""Amounts: decimal text outside, whole minor units inside; the rule is in backend/schemas/amounts.

Everything of the backend that reads an amount, reads it here.
"""

from backend import errors
from backend.schemas.amounts import CURRENCIES, AmountError, major_units, read_money

__all__ = ["CURRENCIES", "major_units", "minor_units"]

REFUSALS = {error.code: error for error in errors.tree(errors.AmountRefused)}


def minor_units(text: str, code: str) -> int:
    """`("12.50", "eur")` -> 1250.

    Raises CurrencyUnknown, AmountUnreadable, AmountAmbiguous, AmountTooPrecise. Whether it is too
    small or too large to be charged, `private.require_amount` says.
    """
    try:
        return read_money(text, code).amount_minor
    except AmountError as error:
        raise REFUSALS[error.code](**error.facts) from None
