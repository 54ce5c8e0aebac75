"""Idempotency keys of requests to Stripe: https://docs.stripe.com/api/idempotent_requests.

A row's id comes from the caller's key (`private.id_of_key`), and so does Stripe's: a database that
was restored to before the request asks under the same key again.
"""

from uuid import uuid4

import stripe

from backend.database.functions.payments import PaymentRow
from backend.database.functions.refunds import RefundRow
from backend.database.functions.setup_links import SetupLinkRow
from backend.database.functions.subscriptions import SubscriptionRow

Row = PaymentRow | RefundRow | SubscriptionRow | SetupLinkRow


def idempotency_options(row: Row) -> stripe.RequestOptions:
    """Return the options with a row's idempotency key, `<row>:<attempt>`."""
    id = row.link_id if isinstance(row, SetupLinkRow) else row.id
    return {"idempotency_key": f"{id}:{row.attempt}"}


def new_idempotency_options() -> stripe.RequestOptions:
    """Return the options with a new idempotency key, which only the SDK's retries share."""
    return {"idempotency_key": str(uuid4())}
