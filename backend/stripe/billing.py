"""Requests about subscriptions and their invoices: a part of the gateway.

A subscription is created by parameters from its row alone. A request that sets a value has a new
idempotency key each time: setting it again is harmless, while a 500 would be repeated under an old
key.
"""

from typing import Any

from backend.database.functions.subscriptions import SubscriptionRow
from backend.schemas import Json
from backend.stripe.answers import (
    chargeable_answer,
    checkout_parameters,
    find_created,
    result_of,
)
from backend.stripe.idempotency_keys import idempotency_options, new_idempotency_options
from backend.stripe.metadata import SUBSCRIPTION_METADATA
from backend.stripe.parsers.charges import Charge
from backend.stripe.parsers.documented import Identified
from backend.stripe.parsers.intents import PaymentIntent
from backend.stripe.parsers.invoices import Invoice
from backend.stripe.parsers.sessions import CheckoutSession
from backend.stripe.parsers.subscriptions import StripeSubscription
from backend.stripe.payment_methods import saving_notice
from backend.stripe.products import StripeProducts

LATEST_INVOICE = {"expand": ["latest_invoice.payments"]}


class StripeBilling(StripeProducts):
    """Requests about subscriptions and invoices."""

    _stripe: Any  # the v1 services of a StripeClient
    _public_url: str
    with_installation: Any  # StripeGateway.with_installation

    async def create_subscription_page(
        self, subscription: SubscriptionRow, customer_id: str
    ) -> CheckoutSession:
        """Create the Checkout Session on which a subscription begins."""
        id = str(subscription.id)
        ours = self.with_installation(**{SUBSCRIPTION_METADATA: id})
        back = f"{self._public_url}/recurring/{id}/return"
        product = await self.ensure_product(subscription.package)
        line = {"quantity": 1, "price_data": {**inline_price(subscription), "product": product}}
        parameters = {
            **checkout_parameters(subscription, id, ours, back),
            "mode": "subscription",
            "customer": customer_id,
            "custom_text": {"submit": {"message": saving_notice(subscription)}},
            "line_items": [line],
            "subscription_data": {"metadata": ours},
        }
        request = self._stripe.checkout.sessions.create_async(
            parameters, idempotency_options(subscription)
        )
        return await result_of(CheckoutSession, request)

    async def create_subscription(
        self, subscription: SubscriptionRow, customer_id: str
    ) -> Identified:
        """Create a subscription with a saved payment method, while its payer is present.

        A declined card is no error: the subscription is `incomplete`. Its state is to be read with
        `get_subscription`. https://docs.stripe.com/api/subscriptions/create
        """
        product = await self.ensure_product(subscription.package)
        parameters = {
            "customer": customer_id,
            "default_payment_method": subscription.stripe_payment_method_id,
            "items": [{"price_data": {**inline_price(subscription), "product": product}}],
            "metadata": self.with_installation(**{SUBSCRIPTION_METADATA: str(subscription.id)}),
            "payment_behavior": "allow_incomplete",
        }
        request = self._stripe.subscriptions.create_async(
            parameters, idempotency_options(subscription)
        )
        return await chargeable_answer(Identified, request)

    async def find_subscription(self, subscription: SubscriptionRow) -> str | None:
        """Find the id of the subscription that was created for a row, by our id in its metadata."""
        if subscription.stripe_customer_id is None:
            return None

        def list_of_all_states(parameters: Json) -> Any:
            return self._stripe.subscriptions.list_async({**parameters, "status": "all"})

        existing = await find_created(
            Identified, subscription, SUBSCRIPTION_METADATA, list_of_all_states
        )
        return existing.id if existing else None

    async def get_subscription(self, id: str) -> StripeSubscription:
        """Fetch a subscription with its latest invoice, and what paid that."""
        request = self._stripe.subscriptions.retrieve_async(id, LATEST_INVOICE)
        return await result_of(StripeSubscription, request)

    async def change_subscription(
        self, id: str, changes: Json, package: str | None
    ) -> StripeSubscription:
        """Change a subscription; a new price belongs to the kept product."""
        parameters = {**changes, **LATEST_INVOICE}
        if items := changes.get("items"):
            product = {"product": await self.ensure_product(package)}
            parameters["items"] = [
                {**item, "price_data": {**item["price_data"], **product}} for item in items
            ]
        request = self._stripe.subscriptions.update_async(id, parameters, new_idempotency_options())
        return await result_of(StripeSubscription, request)

    async def cancel_subscription(self, id: str) -> None:
        """Cancel a subscription now. Raises StripeRefused if it has ended."""
        await result_of(
            Identified, self._stripe.subscriptions.cancel_async(id, {}, new_idempotency_options())
        )

    async def get_receipt(self, intent_id: str) -> str | None:
        """Fetch the address of the receipt for an intent's latest charge; None if there is none."""
        parameters = {"expand": ["latest_charge"]}
        request = self._stripe.payment_intents.retrieve_async(intent_id, parameters)
        charge = (await result_of(PaymentIntent, request)).latest_charge
        return charge.receipt_url if isinstance(charge, Charge) else None

    async def get_invoice(self, id: str) -> Invoice:
        """Fetch an invoice with what paid it."""
        request = self._stripe.invoices.retrieve_async(id, {"expand": ["payments"]})
        return await result_of(Invoice, request)


def inline_price(subscription: SubscriptionRow, amount: int | None = None) -> Json:
    """Return `price_data` without a product, of the subscription's amount or `amount` (minor)."""
    money, recurring = subscription.money, {"interval": subscription.interval}
    amount = money.amount_minor if amount is None else amount
    return {"currency": money.currency, "unit_amount": amount, "recurring": recurring}
