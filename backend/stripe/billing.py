"""What we say to Stripe about subscriptions and their invoices: a part of the gateway.

A subscription's requests are rebuilt from its row alone. What sets a value has a new key each time:
setting it again is harmless, and a remembered 500 is not.
"""

from typing import Any

from backend.database.functions.subscriptions import SubscriptionRow
from backend.schemas import Json
from backend.stripe.answers import answer, carried_out, key_of, made_for, new_key, on_page
from backend.stripe.payment_methods import who_can_charge
from backend.stripe.products import StripeProducts

SUBSCRIPTION_METADATA = "pursebot_subscription_id"
LATEST_INVOICE = {"expand": ["latest_invoice.payments"]}


class StripeBilling(StripeProducts):
    """Subscriptions and invoices, as plain dicts."""

    _stripe: Any  # the v1 services of a StripeClient
    _public_url: str
    marked: Any  # StripeGateway.marked

    async def create_subscription_page(
        self, subscription: SubscriptionRow, customer_id: str
    ) -> Json:
        """The Checkout Session on which a subscription begins."""
        id = str(subscription.id)
        ours = self.marked(**{SUBSCRIPTION_METADATA: id})
        back = f"{self._public_url}/recurring/{id}/return"
        product = await self.kept_product(subscription.package)
        line = {"quantity": 1, "price_data": {**price(subscription), "product": product}}
        wanted = {
            **on_page(subscription, id, ours, back),
            "mode": "subscription",
            "customer": customer_id,
            "custom_text": {"submit": {"message": who_can_charge(subscription)}},
            "line_items": [line],
            "subscription_data": {"metadata": ours},
        }
        asked = self._stripe.checkout.sessions.create_async(wanted, key_of(subscription))
        return await answer(asked)

    async def create_subscription(self, subscription: SubscriptionRow, customer_id: str) -> Json:
        """It begins at once, with a saved card while its payer is there; a decline is an answer."""
        product = await self.kept_product(subscription.package)
        wanted = {
            "customer": customer_id,
            "default_payment_method": subscription.stripe_payment_method_id,
            "items": [{"price_data": {**price(subscription), "product": product}}],
            "metadata": self.marked(**{SUBSCRIPTION_METADATA: str(subscription.id)}),
            "payment_behavior": "allow_incomplete",
        }
        asked = self._stripe.subscriptions.create_async(wanted, key_of(subscription))
        return await carried_out(asked)

    async def find_subscription(self, subscription: SubscriptionRow) -> str | None:
        """Stripe's id of the subscription that was made for a row, by our id in its metadata."""
        if subscription.stripe_customer_id is None:
            return None

        def everything(wanted: Json) -> Any:
            return self._stripe.subscriptions.list_async({**wanted, "status": "all"})

        found = await made_for(subscription, SUBSCRIPTION_METADATA, everything)
        return str(found["id"]) if found else None

    async def get_subscription(self, id: str) -> Json:
        """A subscription with its latest invoice and what paid that."""
        return await answer(self._stripe.subscriptions.retrieve_async(id, LATEST_INVOICE))

    async def change_subscription(self, id: str, changes: Json, package: str | None) -> Json:
        """Change what comes from the next renewal on; a new price is one of the kept product's."""
        wanted = {**changes, **LATEST_INVOICE}
        if items := changes.get("items"):
            product = {"product": await self.kept_product(package)}
            wanted["items"] = [{**i, "price_data": {**i["price_data"], **product}} for i in items]
        return await answer(self._stripe.subscriptions.update_async(id, wanted, new_key()))

    async def cancel_subscription(self, id: str) -> None:
        """End it now. Stripe refuses where it has ended."""
        await answer(self._stripe.subscriptions.cancel_async(id, {}, new_key()))

    async def get_receipt(self, intent_id: str) -> str | None:
        """The address of the receipt for what an intent paid."""
        wanted = {"expand": ["latest_charge"]}
        intent = await answer(self._stripe.payment_intents.retrieve_async(intent_id, wanted))
        receipt: str | None = (intent["latest_charge"] or {}).get("receipt_url")
        return receipt

    async def get_invoice(self, id: str) -> Json:
        """An invoice with what paid it."""
        return await answer(self._stripe.invoices.retrieve_async(id, {"expand": ["payments"]}))


def price(subscription: SubscriptionRow, amount: int | None = None) -> Json:
    """An inline price as the subscription has it, or of another amount (minor units)."""
    money, recurring = subscription.money, {"interval": subscription.interval}
    amount = money.amount_minor if amount is None else amount
    return {"currency": money.currency, "unit_amount": amount, "recurring": recurring}
