"""Subscriptions. Their events say no more than that Stripe is to be asked."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from backend.stripe.metadata import INSTALLATION_METADATA, SUBSCRIPTION_METADATA, metadata_id
from backend.stripe.parsers.documented import Documented, Identified, Marked
from backend.stripe.parsers.facts import SubscriptionFact
from backend.stripe.parsers.invoices import Invoice


class Price(Documented):
    """`unit_amount` in minor units; None where it has fractions of one."""

    currency: str
    unit_amount: int | None = None


class SubscriptionItem(Identified):
    """https://docs.stripe.com/api/subscription_items/object; the end in seconds since 1970."""

    price: Price
    current_period_end: int


class SubscriptionItems(Documented):
    """What is billed; we make one item."""

    data: Annotated[list[SubscriptionItem], Field(min_length=1)]


class StripeSubscription(Marked):
    """https://docs.stripe.com/api/subscriptions/object.

    `latest_invoice` is an id where Stripe was not asked for the object.
    """

    status: str
    items: SubscriptionItems
    pause_collection: dict[str, Any] | None = None
    default_payment_method: str | None = None
    latest_invoice: str | Invoice | None = None

    @property
    def invoice(self) -> Invoice | None:
        """Its latest invoice, where Stripe was asked for it."""
        return self.latest_invoice if isinstance(self.latest_invoice, Invoice) else None


def parse_subscription(subscription: StripeSubscription) -> SubscriptionFact:
    """Say that a subscription changed."""
    return subscription_fact(subscription.metadata, subscription.id)


def subscription_fact(
    metadata: Mapping[str, str] | None, at_stripe: str | None
) -> SubscriptionFact:
    """Say that a subscription changed, by its metadata and Stripe's id."""
    return SubscriptionFact(
        about="subscription",
        outcome="changed",
        installation=metadata_id(metadata, INSTALLATION_METADATA),
        subscription_id=metadata_id(metadata, SUBSCRIPTION_METADATA),
        stripe_subscription_id=at_stripe,
    )
