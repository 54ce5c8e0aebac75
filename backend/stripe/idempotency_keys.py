"""Idempotency keys of requests to Stripe: https://docs.stripe.com/api/idempotent_requests."""

from uuid import uuid4

import stripe

from backend.database.functions.payments import PaymentRow
from backend.database.functions.refunds import RefundRow
from backend.database.functions.subscriptions import SubscriptionRow


def idempotency_options(row: PaymentRow | RefundRow | SubscriptionRow) -> stripe.RequestOptions:
    """Return the options with a row's idempotency key, `<row>:<attempt>`."""
    return {"idempotency_key": f"{row.id}:{row.attempt}"}


def new_idempotency_options() -> stripe.RequestOptions:
    """Return the options with a new idempotency key, which only the SDK's retries share."""
    return {"idempotency_key": str(uuid4())}
