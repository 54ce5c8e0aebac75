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
    """Post `amount`, in major units; below zero takes out of the wallet, also below its balance.

    With `dry_run`, and for a reference that is posted already, nothing
    is written. Raises BadRequest, NotFound, AdjustmentExists, CurrencyUnknown, AmountRefused.
    """
    if not REFERENCE.fullmatch(reference):
        raise BadRequest("A reference is up to 100 letters, digits, _, . and - without spaces.")
    if not reason.strip():
        raise BadRequest("Say why: --reason '...'")
    code = currency.lower()
    size = signed_minor_units(amount, code)
    if size == 0:
        raise BadRequest("An adjustment of 0 moves nothing.")
    terms: AdjustmentTerms = {
        "organization_id": str(organization_id),
        "currency": code,
        "amount": size,
        "reference": reference,
        "reason": reason.strip(),
        "operator": operator,
    }
    return await sql_adjustments.adjust_wallet(database, terms=terms, dry_run=dry_run)


def signed_minor_units(amount: str, code: str) -> int:
    """An amount that may be below zero, in minor units of the currency."""
    if not SIGNED.match(amount):
        raise BadRequest("An amount begins with a digit, or with one - before it.")
    size = money.minor_units(amount.removeprefix("-"), code)
    return -size if amount.startswith("-") else size
