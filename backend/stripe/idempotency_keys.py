"""Idempotency keys for what we ask of Stripe: https://docs.stripe.com/api/idempotent_requests."""

from uuid import uuid4

from backend.database.functions.payments import PaymentRow
from backend.database.functions.refunds import RefundRow
from backend.database.functions.subscriptions import SubscriptionRow
from backend.schemas import Json


def idempotency_options(row: PaymentRow | RefundRow | SubscriptionRow) -> Json:
    """The idempotency key of what a row asks for, `<row>:<attempt>`."""
    return {"idempotency_key": f"{row.id}:{row.attempt}"}


def new_idempotency_options() -> Json:
    """An idempotency key for the tries of one request."""
    return {"idempotency_key": str(uuid4())}
