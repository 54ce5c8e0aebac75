"""What a caller's idempotency key made: read by whoever lost the answer to a request."""

from backend.database.functions import payments as sql_payments
from backend.database.protocol import Database, Person
from backend.schemas import Attempt, AttemptKey


async def get_key_result(database: Database, actor: Person, request: AttemptKey) -> Attempt:
    """Return the ids of what the caller's `Idempotency-Key` made; None where it made nothing."""
    return await sql_payments.get_key_result(database, actor, idempotency_key=request.key)
