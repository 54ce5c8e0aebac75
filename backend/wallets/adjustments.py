"""Adjustments: what the operator posts to a wallet by hand, with a reason, once per reference."""

import re
from uuid import UUID

from backend.database.functions import adjustments as sql_adjustments
from backend.database.functions.adjustments import AdjustmentTerms, PostedAdjustment
from backend.database.protocol import Database
from backend.errors import BadRequest
from backend.wallets import money

SIGNED = re.compile("-?[0-9]")
REFERENCE = re.compile(r"[A-Za-z0-9_.-]{1,100}")


async def post_adjustment(
    database: Database,
    *,
    organization_id: UUID,
    currency: str,
    amount: str,
    reference: str,
    reason: str,
    operator: str,
    dry_run: bool,
) -> PostedAdjustment:
    """Post an adjustment of `amount`, in major units; a negative one may take a wallet below zero.

    With `dry_run`, and for a reference that was posted before, nothing is written. Raises
    BadRequest, NotFound, AdjustmentExists, CurrencyUnknown, AmountRefused.
    """
    if not REFERENCE.fullmatch(reference):
        raise BadRequest("A reference is up to 100 letters, digits, _, . and - without spaces.")
    if not reason.strip():
        raise BadRequest("Say why: --reason '...'")
    code = currency.lower()
    amount_minor = signed_minor_units(amount, code)
    if amount_minor == 0:
        raise BadRequest("An adjustment of 0 moves nothing.")
    terms: AdjustmentTerms = {
        "organization_id": str(organization_id),
        "currency": code,
        "amount": amount_minor,
        "reference": reference,
        "reason": reason.strip(),
        "operator": operator,
    }
    return await sql_adjustments.adjust_wallet(database, terms=terms, dry_run=dry_run)


def signed_minor_units(amount: str, code: str) -> int:
    """Parse an amount that may be negative, into minor units. Raises BadRequest, AmountRefused."""
    if not SIGNED.match(amount):
        raise BadRequest("An amount begins with a digit, or with one - before it.")
    amount_minor = money.minor_units(amount.removeprefix("-"), code)
    return -amount_minor if amount.startswith("-") else amount_minor
