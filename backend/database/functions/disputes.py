"""SQL functions of disputes."""

from backend.database.protocol import SERVICE, Database


async def claim_disputes_to_reconcile(database: Database, *, max_rows: int) -> list[str]:
    """Claim disputes (`dp_...`) whose webhook may have been lost; each is due every hour."""
    ids: list[str] = await database.call("claim_disputes_to_reconcile", SERVICE, max_rows=max_rows)
    return ids
