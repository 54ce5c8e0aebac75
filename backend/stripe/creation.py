"""What Stripe makes for a row: once; and what it made before is found.

A new attempt has another idempotency key. It begins only after a definite refusal, or where a page
that nobody can have was answered with a 500 and Stripe's list does not have it. That another
request had the key before is neither.
"""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Final, TypeVar

import structlog

from backend.database.functions import payments as sql_payments
from backend.database.functions.customers import NewCustomerRow
from backend.database.functions.payments import PaymentRow
from backend.database.functions.setup_links import SetupLinkRow
from backend.database.functions.subscriptions import SubscriptionRow
from backend.failures import IdempotencyConflict, StripeFailed, StripeRefused
from backend.services import Services
from backend.stripe.answers import earliest_creation
from backend.stripe.errors import MISSING, is_customer_error
from backend.stripe.idempotency_keys import row_id
from backend.stripe.parsers.documented import Identified

Created = TypeVar("Created", bound=Identified)
CreatedRow = PaymentRow | SubscriptionRow | SetupLinkRow | NewCustomerRow
Find = Callable[[], Awaitable[Created | None]]

# A key lives for at least 24 hours: https://docs.stripe.com/api/idempotent_requests
MAX_KEY_LIFETIME: Final = timedelta(hours=48)


async def create_at_stripe(
    services: Services,
    row: CreatedRow,
    request: Awaitable[Created],
    find: Find[Created],
) -> Created:
    """Return what Stripe made for a row, now or before; after a refusal the next try is another.

    `find` looks for it in Stripe's list. Raises StripeRefused, StripeUnavailable.
    """
    id = row_id(row)
    name = "organization" if isinstance(row, NewCustomerRow) else "payment_id"
    try:
        with structlog.contextvars.bound_contextvars(**{name: str(id)}):
            return await request
    except IdempotencyConflict:
        if existing := await find():
            return existing
        raise
    except StripeRefused as refused:
        if isinstance(refused, StripeFailed) and (existing := await find()):
            return existing
        await sql_payments.increase_attempt(
            services.database,
            payment_id=id,
            attempt=row.attempt,
            without_customer=is_customer_missing(refused),
        )
        raise


def created_since(row: PaymentRow | SubscriptionRow) -> int:
    """Return since when (seconds since 1970) Stripe may have made something for a row."""
    return earliest_creation(row.created_at, row.search_start)


def search_since(row: CreatedRow) -> int:
    """Return since when (seconds since 1970) to search for what has a row's idempotency key.

    The row may be younger than the request: a restored database has a new one for the same key.
    """
    start = None if isinstance(row, SetupLinkRow) else row.search_start
    return earliest_creation(min(row.created_at, datetime.now(UTC) - MAX_KEY_LIFETIME), start)


def is_customer_missing(refused: StripeRefused) -> bool:
    """Return whether it is the customer that Stripe does not know, and not something else."""
    return refused.facts["stripe_code"] == MISSING and is_customer_error(refused.details)
