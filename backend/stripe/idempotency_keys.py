"""Idempotency keys of requests to Stripe: https://docs.stripe.com/api/idempotent_requests.

A row's id comes from the caller's key (`private.id_of_key`), and so does Stripe's: a database that
was restored to before the request asks under the same key again.
"""

from uuid import UUID, uuid4

import stripe

from backend.database.functions.customers import NewCustomerRow
from backend.database.functions.payments import PaymentRow
from backend.database.functions.refunds import RefundRow
from backend.database.functions.setup_links import SetupLinkRow
from backend.database.functions.subscriptions import SubscriptionRow

Row = PaymentRow | RefundRow | SubscriptionRow | SetupLinkRow | NewCustomerRow


def idempotency_options(row: Row) -> stripe.RequestOptions:
    """Return the options with a row's idempotency key, `<row>:<attempt>`."""
    return {"idempotency_key": f"{row_id(row)}:{row.attempt}"}


def row_id(row: Row) -> UUID:
    """Return the id of a row; of a customer that is to be made the organization's."""
    if isinstance(row, SetupLinkRow):
        return row.link_id
    return row.organization_id if isinstance(row, NewCustomerRow) else row.id


def new_idempotency_options() -> stripe.RequestOptions:
    """Return the options with a new idempotency key, which only the SDK's retries share."""
    return {"idempotency_key": str(uuid4())}
