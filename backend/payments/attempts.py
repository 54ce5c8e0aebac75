"""What somebody began under a key: asked by who sent a request and never heard of it again."""

from backend.database.protocol import Actor, Database
from backend.schemas import Attempt, AttemptKey


async def show(database: Database, actor: Actor, wanted: AttemptKey) -> Attempt:
    """What the caller's `Idempotency-Key` began: nothing, or one of these."""
    return Attempt(**await database.call("get_attempt", actor, idempotency_key=wanted.key))
