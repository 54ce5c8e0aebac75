"""SQL functions of requests to Stripe: their parameters, as they were first sent."""

from uuid import UUID

from backend.database.protocol import SERVICE, Database
from backend.schemas import Json


async def freeze_stripe_request(
    database: Database,
    *,
    subject_id: UUID,
    attempt: int,
    purpose: str,
    organization_id: UUID,
    parameters: Json,
) -> Json:
    """Store the parameters of a row's attempt, and return them; those that are stored stay.

    `subject_id` is the row's: of a payment, refund, subscription or setup link; of a customer the
    organization's.
    """
    stored: Json = await database.call(
        "freeze_stripe_request",
        SERVICE,
        subject_id=subject_id,
        attempt=attempt,
        purpose=purpose,
        organization_id=organization_id,
        parameters=parameters,
    )
    return stored
