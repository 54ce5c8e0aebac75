"""Subscriptions; their events say only that one is to be refetched."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from backend.stripe.metadata import INSTALLATION_METADATA, SUBSCRIPTION_METADATA, metadata_id
from backend.stripe.parsers.documented import Documented, Identified, Marked
from backend.stripe.parsers.facts import SubscriptionFact
from backend.stripe.parsers.invoices import Invoice


class BillingPeriod(Documented):
    """How often a price is charged."""

    interval: str


class Price(Documented):
    """A price; `unit_amount` in minor units, None if it has fractions of one."""

    currency: str
    unit_amount: int | None = None
    recurring: BillingPeriod | None = None


class SubscriptionItem(Identified):
    """An item of a subscription; `current_period_end` in seconds since 1970.

    https://docs.stripe.com/api/subscription_items/object
    """

    price: Price
    current_period_end: int


class SubscriptionItems(Documented):
    """The items of a subscription; ours have one."""

    data: Annotated[list[SubscriptionItem], Field(min_length=1)]


class StripeSubscription(Marked):
    """A subscription: https://docs.stripe.com/api/subscriptions/object.

    `latest_invoice` is an id unless Stripe was asked to expand it. `cancel_at` is in seconds since
    1970; which of the two says that it will end depends on its billing mode:
    https://docs.stripe.com/billing/subscriptions/billing-mode
    """

    status: str
    customer: str | None = None
    cancel_at: int | None = None
    cancel_at_period_end: bool = False
    items: SubscriptionItems
    pause_collection: dict[str, Any] | None = None
    default_payment_method: str | None = None
    latest_invoice: str | Invoice | None = None

    @property
    def ends_at(self) -> int | None:
        """When Stripe will end it (seconds since 1970), None if it goes on."""
        period_end = self.items.data[0].current_period_end if self.cancel_at_period_end else None
        return self.cancel_at or period_end

    @property
    def ends_with_period(self) -> bool:
        """Whether it ends with its current period, whichever field says so."""
        return self.ends_at == self.items.data[0].current_period_end

    @property
    def invoice(self) -> Invoice | None:
        """The latest invoice, if Stripe was asked to expand it."""
        return self.latest_invoice if isinstance(self.latest_invoice, Invoice) else None


def parse_subscription(subscription: StripeSubscription) -> SubscriptionFact:
    """Make the fact that a subscription changed."""
    return subscription_fact(subscription.metadata, subscription.id)


def subscription_fact(
    metadata: Mapping[str, str] | None, at_stripe: str | None
) -> SubscriptionFact:
    """Make the fact that a subscription changed, from metadata of ours and Stripe's id."""
    return SubscriptionFact(
        about="subscription",
        outcome="changed",
        installation=metadata_id(metadata, INSTALLATION_METADATA),
        subscription_id=metadata_id(metadata, SUBSCRIPTION_METADATA),
        stripe_subscription_id=at_stripe,
    )
