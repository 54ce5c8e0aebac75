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


class WhoseMethods(TypedDict, total=False):
    """Whose methods Stripe is asked about: ours by UUIDs as text, or Stripe's ids.

    `link_id` names the link that the question is about, if it is about one. `at_most_every`
    (seconds): nothing is asked where somebody asked since.
    """

    organization_id: str
    customer_id: str | None
    method_id: str | None
    link_id: str | None
    at_most_every: int


class OrderedMethod(PaymentMethod, extra="ignore"):
    """A method that something is to be done with at Stripe.

    `twins` are Stripe's ids of the same card, saved there more than once. An organization without
    a customer has no active method.
    """

    stripe_payment_method_id: str
    stripe_customer_id: str | None
    twins: list[str]


class PaymentMethodSync(Row):
    """Whose methods Stripe is asked about, and when it was asked: of two answers the later counts.

    `link` is the link that the question was about, if it was about one.
    """

    organization_id: UUID
    stripe_customer_id: str
    refetched_at: datetime
    link: SetupLinkRow | None


class MirroredMethods(Row):
    """What came of an answer of Stripe's. Not `fresh`: a later one had been written down.

    `method` is what was added, or the same card as it was there (`known`). `default_to` and
    `detach` (Stripe's ids) are what Stripe is to be told for all to be as it should.
    """

    fresh: bool
    method: PaymentMethod | None = None
    known: bool | None = None
    default_to: str | None = None
    detach: tuple[str, ...] = ()


async def list_payment_methods(
    database: Database, actor: Person, *, organization_id: UUID
) -> list[PaymentMethod]:
    """List what an organization has saved, the default first, then the oldest.

    Members see no more than what the default one is called. Raises NotFound.
    """
    rows = await database.call("list_payment_methods", actor, organization_id=organization_id)
    return [PaymentMethod.model_validate(row) for row in rows]


async def get_payment_method(
    database: Database, actor: Person, *, payment_method_id: UUID
) -> PaymentMethod:
    """Read a method that can be charged. Raises NotFound, RoleTooLow."""
    row = await database.call("get_payment_method", actor, payment_method_id=payment_method_id)
    return PaymentMethod.model_validate(row)


async def set_payment_method_label(
    database: Database, actor: Person, *, payment_method_id: UUID, label: str
) -> PaymentMethod:
    """Give a method a label; an empty one is none. Raises NotFound, RoleTooLow."""
    row = await database.call(
        "set_payment_method_label", actor, payment_method_id=payment_method_id, label=label
    )
    return PaymentMethod.model_validate(row)


async def request_payment_method_addition(
    database: Database, actor: Person, *, organization_id: UUID
) -> None:
    """Write down that somebody adds a method without a page.

    Raises NotFound, RoleTooLow, TooManyRequests.
    """
    await database.call("request_payment_method_addition", actor, organization_id=organization_id)


async def request_payment_method_change(
    database: Database,
    actor: Person,
    *,
    payment_method_id: UUID,
    act: Literal["default", "removal"],
) -> OrderedMethod:
    """Write down what somebody wants done with a method, before it is done at Stripe.

    Raises NotFound, RoleTooLow. The removal of one that is removed already is answered, not written
    down.
    """
    row = await database.call(
        "request_payment_method_change", actor, payment_method_id=payment_method_id, act=act
    )
    return OrderedMethod.model_validate(row)


async def get_payment_method_sync(
    database: Database, *, fact: WhoseMethods, event_id: str | None = None
) -> PaymentMethodSync | None:
    """Read whose methods Stripe is to be asked about; None where there is nothing to ask.

    Where Stripe was asked after the event `event_id` came, it has answered already.
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
) -> MirroredMethods:
    """Write down all `methods` that a customer has at Stripe, and which is its default.

    `added_id` (Stripe's) is what `added_by` has just saved, to be the default one if so. A customer
    that is gone at Stripe is forgotten.
    """
    row = await database.call(
        "sync_payment_methods",
        SERVICE,
        organization_id=organization_id,
        refetched_at=refetched_at.isoformat(),
        methods=[method.as_mirrored() for method in methods],
        default_id=default_id,
        added_id=added_id,
        added_by=added_by,
        make_default=make_default,
        deleted_stripe_customer_id=deleted_stripe_customer_id,
    )
    return MirroredMethods.model_validate(row)


async def notify_expiring_payment_methods(database: Database, *, max_rows: int) -> int:
    """Notify owners and admins, once and a month ahead, of cards that expire; how many cards."""
    told: int = await database.call("notify_expiring_payment_methods", SERVICE, max_rows=max_rows)
    return told
