"""Requests about subscriptions and their invoices.

A subscription is created by the parameters of its first request. A request that sets a value has a
new idempotency key each time: setting it again is harmless, while a 500 would be repeated under an
old key.
"""

from typing import Final, NamedTuple

from stripe.params import SubscriptionCreateParams, SubscriptionUpdateParams
from stripe.params.checkout import SessionCreateParams

from backend.database.functions.subscriptions import SubscriptionRow
from backend.stripe.answers import (
    chargeable_answer,
    earliest_creation,
    find_created,
    result_of,
)
from backend.stripe.checkout import HIDDEN_METHODS, checkout_parameters, saving_notice
from backend.stripe.idempotency_keys import idempotency_options, new_idempotency_options
from backend.stripe.metadata import SUBSCRIPTION_METADATA, request_metadata
from backend.stripe.parsers.documented import Identified
from backend.stripe.parsers.invoices import Invoice
from backend.stripe.parsers.sessions import CheckoutSession
from backend.stripe.parsers.subscriptions import StripeSubscription
from backend.stripe.products import StripeProducts

LATEST_INVOICE: Final = ["latest_invoice.payments"]  # what a subscription is fetched with


class ItemAmount(NamedTuple):
    """The new amount of a subscription's item (`si_...`), in minor units."""

    item_id: str
    amount_minor: int


class StripeChange(NamedTuple):
    """What to change of a subscription; None stays.

    Stripe takes back an end by the field in which it was set: `cancel_at_period_end`, or
    `cancel_at`, which `clears_cancel_at` empties.
    """

    new_amount: ItemAmount | None = None
    paused: bool | None = None
    cancel_at_period_end: bool | None = None
    clears_cancel_at: bool = False


class StripeSubscriptions(StripeProducts):
    """Requests about subscriptions and invoices."""

    async def create_subscription_page(
        self, subscription: SubscriptionRow, stripe_customer_id: str
    ) -> CheckoutSession:
        """Create the Checkout Session on which a subscription begins."""
        id = str(subscription.id)
        metadata = self.with_installation(subscription_metadata(subscription))
        return_url = f"{self.public_url}/recurring/{id}/return"
        parameters: SessionCreateParams = {
            **checkout_parameters(subscription, id, metadata),
            "mode": "subscription",
            "customer": stripe_customer_id,
            "saved_payment_method_options": HIDDEN_METHODS,
            "custom_text": {"submit": {"message": saving_notice(subscription)}},
            "line_items": [
                {
                    "quantity": 1,
                    "price_data": {
                        "currency": subscription.money.currency,
                        "unit_amount": subscription.money.amount_minor,
                        "recurring": {"interval": subscription.interval},
                        "product": await self.ensure_product(subscription.package),
                    },
                }
            ],
            "subscription_data": {"metadata": metadata},
            "success_url": return_url,
            "cancel_url": return_url,
        }
        parameters = await self.frozen(
            subscription.id,
            subscription.attempt,
            "subscription",
            subscription.organization_id,
            parameters,
        )
        request = self._stripe.checkout.sessions.create_async(
            parameters, idempotency_options(subscription)
        )
        return await result_of(CheckoutSession, request)

    async def create_subscription(
        self, subscription: SubscriptionRow, stripe_customer_id: str
    ) -> Identified:
        """Create a subscription with a saved payment method, while its payer is present.

        A declined card is no error: the subscription is `incomplete`. Its state is to be read with
        `get_subscription`. https://docs.stripe.com/api/subscriptions/create
        """
        parameters: SubscriptionCreateParams = {
            "customer": stripe_customer_id,
            "items": [
                {
                    "price_data": {
                        "currency": subscription.money.currency,
                        "unit_amount": subscription.money.amount_minor,
                        "recurring": {"interval": subscription.interval},
                        "product": await self.ensure_product(subscription.package),
                    }
                }
            ],
            "metadata": self.with_installation(subscription_metadata(subscription)),
            "payment_behavior": "allow_incomplete",
        }
        if subscription.stripe_payment_method_id is not None:
            parameters["default_payment_method"] = subscription.stripe_payment_method_id
        parameters = await self.frozen(
            subscription.id,
            subscription.attempt,
            "subscription",
            subscription.organization_id,
            parameters,
        )
        request = self._stripe.subscriptions.create_async(
            parameters, idempotency_options(subscription)
        )
        return await chargeable_answer(Identified, request)

    async def find_subscription(
        self, subscription: SubscriptionRow, since: int | None = None
    ) -> str | None:
        """Find the id of the subscription that was created for a row, by our id in its metadata.

        `since` (seconds since 1970) where it may be older than its row.
        """
        if subscription.stripe_customer_id is None:
            return None
        if since is None:
            since = earliest_creation(subscription.created_at, subscription.search_start)
        listed = self._stripe.subscriptions.list_async(
            {
                "customer": subscription.stripe_customer_id,
                "created": {"gte": since},
                "limit": 100,
                "status": "all",
            }
        )
        existing = await find_created(Identified, subscription.id, SUBSCRIPTION_METADATA, listed)
        return existing.id if existing else None

    async def get_subscription(self, id: str) -> StripeSubscription:
        """Fetch a subscription with its latest invoice, and what paid that."""
        request = self._stripe.subscriptions.retrieve_async(id, {"expand": LATEST_INVOICE})
        return await result_of(StripeSubscription, request)

    async def change_subscription(
        self, subscription: SubscriptionRow, id: str, change: StripeChange
    ) -> StripeSubscription:
        """Change a subscription: its amount from the next renewal on, a pause, its end.

        A new price belongs to the product that `ensure_product` keeps: that of the old price may be
        archived, and then takes no new one. Raises StripeRefused, StripeUnavailable.
        """
        parameters: SubscriptionUpdateParams = {"expand": LATEST_INVOICE}
        if change.new_amount is not None:
            parameters["items"] = [
                {
                    "id": change.new_amount.item_id,
                    "price_data": {
                        "currency": subscription.money.currency,
                        "unit_amount": change.new_amount.amount_minor,
                        "recurring": {"interval": subscription.interval},
                        "product": await self.ensure_product(subscription.package),
                    },
                }
            ]
            parameters["proration_behavior"] = "none"
        if change.paused is not None:
            # "" resumes it: https://docs.stripe.com/billing/subscriptions/pause-payment
            parameters["pause_collection"] = {"behavior": "void"} if change.paused else ""
        # https://docs.stripe.com/billing/subscriptions/cancel#reactivating-canceled-subscriptions
        if change.clears_cancel_at:
            parameters["cancel_at"] = ""
        if change.cancel_at_period_end is not None:
            parameters["cancel_at_period_end"] = change.cancel_at_period_end
        request = self._stripe.subscriptions.update_async(id, parameters, new_idempotency_options())
        return await result_of(StripeSubscription, request)

    async def cancel_subscription(self, id: str) -> None:
        """Cancel a subscription now. Raises StripeRefused if it has ended."""
        request = self._stripe.subscriptions.cancel_async(id, {}, new_idempotency_options())
        await result_of(Identified, request)

    async def get_invoice(self, id: str) -> Invoice:
        """Fetch an invoice with what paid it."""
        request = self._stripe.invoices.retrieve_async(id, {"expand": ["payments"]})
        return await result_of(Invoice, request)


def subscription_metadata(subscription: SubscriptionRow) -> dict[str, str]:
    """Return the metadata of a subscription, without the installation."""
    money = (subscription.money.amount_minor, subscription.money.currency)
    described = request_metadata(
        "subscription", subscription.organization_id, subscription.key_hash, money
    )
    return {SUBSCRIPTION_METADATA: str(subscription.id), **described}
