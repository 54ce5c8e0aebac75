"""The SQL function of adjustments: what the operator posts by hand."""

from typing import TypedDict

from backend.database.protocol import SERVICE, Database
from backend.database.rows import EntryRow, Row


class AdjustmentTerms(TypedDict):
    """What is posted: `amount` in minor units, below zero takes out of the wallet.

    `organization_id` is a UUID as text.
    """

    reference: str
    organization_id: str
    currency: str
    amount: int
    reason: str
    operator: str


class PostedAdjustment(Row):
    """What an adjustment posted, or would post (`posted` is false).

    No entries where its reference had been posted before.
    """

    posted: bool
    entries: list[EntryRow]


async def adjust_wallet(
    database: Database, *, terms: AdjustmentTerms, dry_run: bool = False
) -> PostedAdjustment:
    """Post an adjustment, once per reference; with `dry_run` nothing is kept.

    Raises NotFound, CurrencyUnknown, AdjustmentExists.
    """
    row = await database.call("adjust_wallet", SERVICE, terms=terms, dry_run=dry_run)
    return PostedAdjustment.model_validate(row)
