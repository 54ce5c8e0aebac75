"""SQL functions of subscriptions: create and change one, record its state at Stripe."""

from datetime import datetime
from typing import TypedDict
from uuid import UUID

from backend.database.protocol import SERVICE, Database, Person
from backend.schemas import Interval, Subscription


class SubscriptionTerms(TypedDict, total=False):
    """Terms of a new subscription: a package, or an amount (minor units), a currency, an interval.

    Ids are UUIDs as text. With `payment_method_id` that saved payment method pays from the first
    invoice on.
    """

    package_id: str | None
    amount: int | str
    currency: str | None
    interval: Interval
    payment_method_id: str | None


class SubscriptionChanges(TypedDict, total=False):
    """What is to change; `amount` in minor units. Without `canceled` the subscription goes on.

    `cancel_at_period_end`: whether it ends when it would be due next; None leaves that as it is.
    """

    amount: int | None
    paused: bool | None
    cancel_at_period_end: bool | None
    canceled: bool


class SubscriptionState(TypedDict, total=False):
    """The state of a subscription at Stripe; a key that is missing or None changes nothing.

    But for `cancel_at` (seconds since 1970): None says that Stripe will not end it by itself.

    `refetched_at` (ISO 8601) is that of the row with which Stripe was asked: a later answer is not
    overwritten by an earlier one. `amount` in minor units; `ends` (of the period) in seconds since
    1970; `invoice` is the latest (`in_...`). `changed_by` (a UUID as text) is not notified.
    """

    refetched_at: str
    changed_by: str | None
    status: str
    paused: bool
    amount: int | None
    ends: int
    cancel_at: int | None
    cancel_at_period_end: bool
    payment_method: str | None
    stripe_checkout_session_id: str
    stripe_subscription_id: str
    url: str | None
    invoice: str | None
    invoice_status: str | None


class SubscriptionRow(Subscription, extra="ignore"):
    """A subscription as the service needs it for requests to Stripe.

    `stripe_payment_method_id` is the saved payment method that it begins with. `unwanted`: somebody
    who is authorized requested its end. `revoked`: whoever started it has lost the role.
    `refetched_at` is passed back with Stripe's state. `key_hash`, `search_start` as in PaymentRow.
    """

    attempt: int
    key_hash: str | None
    search_start: datetime | None
    language: str
    expires_at: datetime
    stripe_payment_method_id: str | None
    unwanted: bool
    revoked: bool
    stripe_customer_id: str | None
    stripe_checkout_session_id: str | None
    stripe_subscription_id: str | None
    refetched_at: datetime


class RequestedChange(Subscription, extra="ignore"):
    """A subscription before a change, and the person who requested it."""

    changed_by: UUID


async def create_subscription(
    database: Database,
    actor: Person,
    *,
    organization_id: UUID,
    terms: SubscriptionTerms,
    idempotency_key: str | None = None,
) -> Subscription:
    """Create a subscription; the same key and terms find the same one again.

    Raises NotFound, RoleTooLow, TopupsOff, AmountRefused, SubscriptionCurrency, TooManyRequests,
    IdempotencyKeyReused.
    """
    row = await database.call(
        "create_subscription",
        actor,
        organization_id=organization_id,
        terms=terms,
        idempotency_key=idempotency_key,
    )
    return Subscription.model_validate(row)


async def list_subscriptions(
    database: Database, actor: Person, *, organization_id: UUID
) -> list[Subscription]:
    """List subscriptions that are not canceled, newest first. Raises NotFound."""
    rows = await database.call("list_subscriptions", actor, organization_id=organization_id)
    return [Subscription.model_validate(row) for row in rows]


async def get_subscription(
    database: Database, actor: Person, *, subscription_id: UUID
) -> Subscription:
    """Read a subscription of one of the actor's organizations. Raises NotFound."""
    row = await database.call("get_subscription", actor, subscription_id=subscription_id)
    return Subscription.model_validate(row)


async def request_subscription_change(
    database: Database, actor: Person, *, subscription_id: UUID, changes: SubscriptionChanges
) -> RequestedChange:
    """Record a requested change, before it is made at Stripe.

    Raises NotFound, RoleTooLow, SubscriptionOver, AmountRefused.
    """
    row = await database.call(
        "request_subscription_change", actor, subscription_id=subscription_id, changes=changes
    )
    return RequestedChange.model_validate(row)


async def get_subscription_for_service(
    database: Database,
    *,
    subscription_id: UUID | None,
    stripe_subscription_id: str | None = None,
) -> SubscriptionRow:
    """Read a subscription for requests to Stripe, by our id or by Stripe's. Raises NotFound."""
    row = await database.call(
        "get_subscription_for_service",
        SERVICE,
        subscription_id=subscription_id,
        stripe_subscription_id=stripe_subscription_id,
    )
    return SubscriptionRow.model_validate(row)


async def record_subscription_state(
    database: Database, *, subscription_id: UUID, state: SubscriptionState
) -> Subscription:
    """Record the state of a subscription at Stripe, and notify people of what changed."""
    row = await database.call(
        "record_subscription_state", SERVICE, subscription_id=subscription_id, state=state
    )
    return Subscription.model_validate(row)


async def claim_subscription_check(database: Database, *, subscription_id: UUID) -> bool:
    """Claim the right to refetch a subscription, which is granted every three seconds.

    Raises NotFound.
    """
    row = await database.call("claim_subscription_check", SERVICE, subscription_id=subscription_id)
    return bool(row["due"])


async def claim_subscriptions_to_reconcile(database: Database, *, max_rows: int) -> list[UUID]:
    """Claim subscriptions whose webhook may have been lost; those that waited longest first."""
    ids: list[str] = await database.call(
        "claim_subscriptions_to_reconcile", SERVICE, max_rows=max_rows
    )
    return [UUID(id) for id in ids]
