"""Requests about Checkout Sessions that take a payment; parameters of all Checkout Sessions."""

from typing import Final
from uuid import UUID

from stripe.params.checkout import (
    SessionCreateParams,
    SessionCreateParamsLineItemPriceData,
    SessionCreateParamsSavedPaymentMethodOptions,
    SessionCreateParamsWalletOptions,
)

from backend import page_texts
from backend.database.functions.payments import PaymentRow
from backend.database.functions.setup_links import SetupLinkRow
from backend.database.functions.subscriptions import SubscriptionRow
from backend.stripe.answers import find_created, list_all, result_of
from backend.stripe.idempotency_keys import idempotency_options, new_idempotency_options
from backend.stripe.metadata import PAYMENT_METADATA, Purpose, request_metadata
from backend.stripe.parsers.documented import Identified
from backend.stripe.parsers.sessions import CheckoutSession
from backend.stripe.products import StripeProducts

# A saved card that a page shows brings name, e-mail and billing address of whoever saved it, and
# another person pays next. So pages show those alone that are marked as none of ours is.
# https://docs.stripe.com/api/payment_methods/object#payment_method_object-allow_redisplay
HIDDEN_METHODS: Final[SessionCreateParamsSavedPaymentMethodOptions] = {
    "allow_redisplay_filters": ["unspecified"]
}
# All payers of an organization share its address there, by which Link knows a person: whoever pays
# next would be asked for a code that is sent to another's phone.
# https://docs.stripe.com/api/checkout/sessions/create#create_checkout_session-wallet_options
NO_LINK: Final[SessionCreateParamsWalletOptions] = {"link": {"display": "never"}}
PageRow = PaymentRow | SubscriptionRow | SetupLinkRow  # rows that have a Checkout Session


class StripeCheckout(StripeProducts):
    """Requests about pages to pay on."""

    async def create_checkout(self, payment: PaymentRow) -> CheckoutSession:
        """Create a payment's Checkout Session, by the parameters of its first request."""
        metadata = self.with_installation(payment_metadata("checkout", payment))
        page_url = f"{self.public_url}/pay/{payment.id}"
        price: SessionCreateParamsLineItemPriceData = {
            "currency": payment.currency,
            "unit_amount": payment.amount_minor,
            "product": await self.ensure_product(None),
        }
        parameters: SessionCreateParams = {
            **checkout_parameters(payment, str(payment.id), metadata),
            **saving_parameters(payment),
            "mode": "payment",
            "line_items": [{"quantity": 1, "price_data": price}],
            "payment_intent_data": {
                "metadata": metadata,
                "description": payment_description(payment),
            },
            "success_url": f"{page_url}/return",
            "cancel_url": f"{page_url}/leave",
        }
        parameters = await self.frozen(
            payment.id, payment.attempt, "checkout", payment.organization_id, parameters
        )
        request = self._stripe.checkout.sessions.create_async(
            parameters, idempotency_options(payment)
        )
        return await result_of(CheckoutSession, request)

    async def find_session(self, id: UUID, name: str, since: int) -> CheckoutSession | None:
        """Find the Checkout Session that was created for a row, by our id under `name`.

        `since` in seconds since 1970. Of all customers: that of the row may have been another.
        """
        listed = self._stripe.checkout.sessions.list_async(
            {"created": {"gte": since}, "limit": 100}
        )
        existing = await find_created(Identified, id, name, listed)
        return await self.get_session(existing.id) if existing else None

    async def get_session(self, stripe_checkout_session_id: str) -> CheckoutSession:
        """Fetch a Checkout Session with its PaymentIntent and the charge, once it has them."""
        request = self._stripe.checkout.sessions.retrieve_async(
            stripe_checkout_session_id, {"expand": ["payment_intent.latest_charge"]}
        )
        return await result_of(CheckoutSession, request)

    async def list_checkout_sessions(self, stripe_payment_intent_id: str) -> list[CheckoutSession]:
        """List the Checkout Session that created an intent: one, or none."""
        request = self._stripe.checkout.sessions.list_async(
            {"payment_intent": stripe_payment_intent_id, "limit": 1}
        )
        return await list_all(CheckoutSession, request)

    async def expire_session(self, stripe_checkout_session_id: str) -> CheckoutSession:
        """Expire an open Checkout Session. Raises StripeRefused if it is not open."""
        # A new key: expiring again is harmless, while a 500 would be repeated under an old one.
        request = self._stripe.checkout.sessions.expire_async(
            stripe_checkout_session_id, {}, new_idempotency_options()
        )
        return await result_of(CheckoutSession, request)


def payment_metadata(purpose: Purpose, payment: PaymentRow) -> dict[str, str]:
    """Return the metadata of what pays a payment, without the installation."""
    money = (payment.amount_minor, payment.currency)
    described = request_metadata(purpose, payment.organization_id, payment.key_hash, money)
    return {PAYMENT_METADATA: str(payment.id), **described}


def checkout_parameters(row: PageRow, id: str, metadata: dict[str, str]) -> SessionCreateParams:
    """Return the parameters that all Checkout Sessions have in common.

    `id` is the row's. The page expires with the row.
    https://docs.stripe.com/api/checkout/sessions/create
    """
    return {
        "client_reference_id": id,
        "locale": page_texts.nearest_language(row.language, otherwise="auto"),
        "metadata": metadata,
        "expires_at": int(row.expires_at.timestamp()),
        "wallet_options": NO_LINK,
    }


def saving_parameters(payment: PaymentRow) -> SessionCreateParams:
    """Return parameters that let the payer save the card, with a notice of who can charge it then.

    Without a customer nothing can be saved.
    https://docs.stripe.com/payments/checkout/save-during-payment
    """
    if payment.stripe_customer_id is None:
        return {"custom_text": {"submit": {"message": payment_notice(payment)}}}
    return {
        "customer": payment.stripe_customer_id,
        "saved_payment_method_options": {**HIDDEN_METHODS, "payment_method_save": "enabled"},
        "custom_text": {"submit": {"message": saving_notice(payment)}},
    }


def payment_description(payment: PaymentRow) -> str:
    """Return the description in Stripe's dashboard and on receipts."""
    return f"Top-up {payment.reference}"


def saving_notice(row: PageRow) -> str:
    """Return the notice under Stripe's button where a card is or can be saved."""
    return submit_notice("saving", row)


def payment_notice(payment: PaymentRow) -> str:
    """Return the notice under Stripe's button where no card can be saved."""
    return submit_notice("paying", payment)


def submit_notice(key: str, row: PageRow) -> str:
    """Return a notice that names the organization, in the language of who requested the page."""
    texts = page_texts.PAGE_TEXTS[page_texts.nearest_language(row.language, otherwise="en")]
    return texts[key]["text"].format(organization=row.organization_name)
