"""What somebody began under a key: asked by who sent a request and never heard of it again."""

from backend.database.functions import payments as sql_payments
from backend.database.protocol import Database, Person
from backend.schemas import Attempt, AttemptKey


async def get_attempt(database: Database, actor: Person, request: AttemptKey) -> Attempt:
    """Return what the caller's `Idempotency-Key` began; all its fields are None for nothing."""
    return await sql_payments.get_attempt(database, actor, idempotency_key=request.key)
