"""The SQL function of adjustments, which the operator posts by hand."""

from typing import TypedDict

from backend.database.protocol import SERVICE, Database
from backend.database.rows import EntryRow, Row


class AdjustmentTerms(TypedDict):
    """The terms of an adjustment: `amount` in minor units; below zero it leaves the wallet.

    `organization_id` is a UUID as text.
    """

    reference: str
    organization_id: str
    currency: str
    amount: int
    reason: str
    operator: str


class PostedAdjustment(Row):
    """The ledger entries of an adjustment; `posted` is false for a dry run.

    There are none where its reference was posted before.
    """

    posted: bool
    entries: list[EntryRow]


async def adjust_wallet(
    database: Database, *, terms: AdjustmentTerms, dry_run: bool = False
) -> PostedAdjustment:
    """Post an adjustment, once per reference; with `dry_run` roll back and only answer it.

    Raises NotFound, CurrencyUnknown, AdjustmentExists.
    """
    row = await database.call("adjust_wallet", SERVICE, terms=terms, dry_run=dry_run)
    return PostedAdjustment.model_validate(row)
