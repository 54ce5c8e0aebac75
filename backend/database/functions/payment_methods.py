"""SQL functions of payment methods: what an organization has saved at Stripe to pay with."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, TypedDict
from uuid import UUID

from backend.database.functions.setup_links import SetupLinkRow
from backend.database.protocol import SERVICE, Database, Person
from backend.database.rows import Row
from backend.schemas import PaymentMethod
from backend.stripe.parsers.payment_methods import StripePaymentMethod


class SyncScope(TypedDict, total=False):
    """The organization whose payment methods are to be synced: by one of these keys.

    `organization_id` and `link_id` are our UUIDs as text; `link_id` names the setup link whose page
    saved one. With `min_interval_seconds` nothing is due if they were synced since.
    """

    organization_id: str
    stripe_customer_id: str | None
    stripe_payment_method_id: str | None
    link_id: str | None
    min_interval_seconds: int


class RequestedMethodChange(PaymentMethod, extra="ignore"):
    """A payment method that is to be changed at Stripe.

    `duplicates` are Stripe's ids of the same card, where it was saved more than once. Without a
    `stripe_customer_id` the organization has no active payment method.
    """

    stripe_payment_method_id: str
    stripe_customer_id: str | None
    duplicates: list[str]


class PaymentMethodSync(Row):
    """A sync that is due: the customer to list at Stripe, and when it was claimed.

    Of two answers the one with the later `refetched_at` counts. `link` is the setup link whose page
    saved a payment method, `billing_email` the e-mail address that an owner chose for the customer.
    """

    organization_id: UUID
    stripe_customer_id: str
    billing_email: str | None
    refetched_at: datetime
    link: SetupLinkRow | None


class SyncedPaymentMethods(Row):
    """The result of a sync. Not `fresh`: a later answer was recorded before, and nothing changed.

    `method` is what was added, or the same card as it was saved before (`known`). `new_default_id`
    and `detach` (Stripe's ids) are changes that are still to be made at Stripe.
    """

    fresh: bool
    method: PaymentMethod | None = None
    known: bool | None = None
    new_default_id: str | None = None
    detach: tuple[str, ...] = ()


async def list_payment_methods(
    database: Database, actor: Person, *, organization_id: UUID
) -> list[PaymentMethod]:
    """List what an organization has saved, the default first, then the oldest. Raises NotFound.

    Members see only the name of the default one.
    """
    rows = await database.call("list_payment_methods", actor, organization_id=organization_id)
    return [PaymentMethod.model_validate(row) for row in rows]


async def get_payment_method(
    database: Database, actor: Person, *, payment_method_id: UUID
) -> PaymentMethod:
    """Read a payment method that can be charged. Raises NotFound, RoleTooLow."""
    row = await database.call("get_payment_method", actor, payment_method_id=payment_method_id)
    return PaymentMethod.model_validate(row)


async def set_payment_method_label(
    database: Database, actor: Person, *, payment_method_id: UUID, label: str
) -> PaymentMethod:
    """Set the label of a payment method; "" removes it. Raises NotFound, RoleTooLow."""
    row = await database.call(
        "set_payment_method_label", actor, payment_method_id=payment_method_id, label=label
    )
    return PaymentMethod.model_validate(row)


async def request_payment_method_addition(
    database: Database, actor: Person, *, organization_id: UUID
) -> None:
    """Count and audit that a payment method is about to be saved without a page of Stripe's.

    Raises NotFound, RoleTooLow, TooManyRequests.
    """
    await database.call("request_payment_method_addition", actor, organization_id=organization_id)


async def request_payment_method_change(
    database: Database,
    actor: Person,
    *,
    payment_method_id: UUID,
    act: Literal["default", "removal"],
) -> RequestedMethodChange:
    """Record a requested change, before it is made at Stripe. Raises NotFound, RoleTooLow.

    The removal of one that is removed already is answered again and not recorded.
    """
    row = await database.call(
        "request_payment_method_change", actor, payment_method_id=payment_method_id, act=act
    )
    return RequestedMethodChange.model_validate(row)


async def get_payment_method_sync(
    database: Database, *, fact: SyncScope, event_id: str | None = None
) -> PaymentMethodSync | None:
    """Read which customer's payment methods are to be listed at Stripe; None if no sync is due.

    A sync that began after the event `event_id` was received covers that event.
    """
    row = await database.call("get_payment_method_sync", SERVICE, fact=fact, event_id=event_id)
    return PaymentMethodSync.model_validate(row) if row["due"] else None


async def sync_payment_methods(
    database: Database,
    *,
    organization_id: UUID,
    refetched_at: datetime,
    methods: Sequence[StripePaymentMethod],
    default_id: str | None = None,
    added_id: str | None = None,
    added_by: UUID | None = None,
    make_default: bool = False,
    deleted_stripe_customer_id: str | None = None,
) -> SyncedPaymentMethods:
    """Replace our copy of a customer's payment methods by `methods`, all that Stripe has.

    `added_id` (Stripe's) was just saved by `added_by`, with `make_default` as the default one. A
    customer that was deleted at Stripe is unlinked.
    """
    row = await database.call(
        "sync_payment_methods",
        SERVICE,
        organization_id=organization_id,
        refetched_at=refetched_at.isoformat(),
        methods=[method.as_json() for method in methods],
        default_id=default_id,
        added_id=added_id,
        added_by=added_by,
        make_default=make_default,
        deleted_stripe_customer_id=deleted_stripe_customer_id,
    )
    return SyncedPaymentMethods.model_validate(row)


async def notify_expiring_payment_methods(database: Database, *, max_rows: int) -> int:
    """Notify owners and admins of cards that expire within a month; return how many cards.

    Once for each card and expiry date.
    """
    cards: int = await database.call("notify_expiring_payment_methods", SERVICE, max_rows=max_rows)
    return cards
