"""The gateway to Stripe: payments, refunds, customers, events; the rest is in its base classes.

Every POST has an idempotency key of ours (`<row>:<attempt>`, or a new one), so that a repeat after
a lost answer finds the same object: https://docs.stripe.com/api/idempotent_requests. Stripe's
errors are raised as StripeRefused (not done) or StripeUnavailable (the outcome is unknown), its
answers are returned as models of `parsers`.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import stripe

from backend.database.functions.customers import CustomerRow
from backend.database.functions.payments import PaymentRow
from backend.database.functions.refunds import RefundRow
from backend.failures import StripeRefused
from backend.schemas import Json
from backend.stripe.account import StripeAccount
from backend.stripe.answers import (
    chargeable_answer,
    checkout_parameters,
    find_created,
    list_all,
    listed_as_sent,
    read_answer,
    result_of,
)
from backend.stripe.billing import StripeBilling
from backend.stripe.idempotency_keys import idempotency_options, new_idempotency_options
from backend.stripe.metadata import (
    INSTALLATION_METADATA,
    ORGANIZATION_METADATA,
    PAYMENT_METADATA,
    REFUND_METADATA,
)
from backend.stripe.objects import StripeObjects
from backend.stripe.parsers.documented import Identified
from backend.stripe.parsers.events import StripeEvent
from backend.stripe.parsers.intents import PaymentIntent
from backend.stripe.parsers.refunds import Refund
from backend.stripe.parsers.sessions import CheckoutSession
from backend.stripe.payment_methods import StripeCards, payment_notice, saving_notice
from backend.stripe.signatures import verify_signature

ONE_TRY = aiohttp.ClientTimeout(total=7, connect=3)  # seconds
TYPES_AT_ONCE = 20  # https://docs.stripe.com/api/events/list#list_events-types
API_VERSION: str = stripe.api_version  # what this SDK speaks


class StripeGateway(StripeCards, StripeBilling, StripeObjects, StripeAccount):
    """All requests to Stripe, and the verification of its webhooks' signatures."""

    def __init__(
        self,
        client: stripe.StripeClient,
        webhook_secrets: tuple[str, ...],
        public_url: str,
        livemode: bool,
    ) -> None:
        """`public_url` is where payers return to, without a slash at its end."""
        self.livemode = livemode
        self.installation_id: str | None = None  # the database's, set by `claim_stripe_account`
        self._client, self._stripe = client, client.v1
        self._webhook_secrets = webhook_secrets
        self._public_url = public_url
        self._usable_products = {}

    async def create_checkout(self, payment: PaymentRow) -> CheckoutSession:
        """Create a payment's Checkout Session, by parameters from its row alone."""
        ours = self.with_installation(**{PAYMENT_METADATA: str(payment.id)})
        back = f"{self._public_url}/pay/{payment.id}"
        price = {
            "currency": payment.currency,
            "unit_amount": payment.amount_minor,
            "product": await self.ensure_product(None),
        }
        parameters = {
            **checkout_parameters(
                payment, str(payment.id), ours, f"{back}/return", leave=f"{back}/leave"
            ),
            **saving_parameters(payment),
            "mode": "payment",
            "line_items": [{"quantity": 1, "price_data": price}],
            "payment_intent_data": {"metadata": ours, "description": payment_description(payment)},
        }
        request = self._stripe.checkout.sessions.create_async(
            parameters, idempotency_options(payment)
        )
        return await result_of(CheckoutSession, request)

    def with_installation(self, **ours: str) -> dict[str, str]:
        """Add the installation's id to metadata: several installations may use one account."""
        if self.installation_id is None:
            return ours
        return {**ours, INSTALLATION_METADATA: self.installation_id}

    def intent_parameters(self, payment: PaymentRow) -> Json:
        """Return the parameters that all PaymentIntents of ours have in common."""
        return {
            "amount": payment.amount_minor,
            "currency": payment.currency,
            "automatic_payment_methods": {"enabled": True},
            "description": payment_description(payment),
            "metadata": self.with_installation(**{PAYMENT_METADATA: str(payment.id)}),
        }

    async def get_session(self, session_id: str) -> CheckoutSession:
        """Fetch a Checkout Session with its PaymentIntent, once it has one."""
        parameters = {"expand": ["payment_intent"]}
        request = self._stripe.checkout.sessions.retrieve_async(session_id, parameters)
        return await result_of(CheckoutSession, request)

    async def expire_session(self, session_id: str) -> CheckoutSession:
        """Expire an open Checkout Session. Raises StripeRefused if it is not open."""
        # A new key: expiring again is harmless, while a 500 would be repeated under an old one.
        request = self._stripe.checkout.sessions.expire_async(
            session_id, {}, new_idempotency_options()
        )
        return await result_of(CheckoutSession, request)

    async def create_intent(self, payment: PaymentRow) -> PaymentIntent:
        """Create a payment's PaymentIntent, for a client's own page with Stripe's Elements."""
        parameters = self.intent_parameters(payment)
        request = self._stripe.payment_intents.create_async(
            parameters, idempotency_options(payment)
        )
        return await result_of(PaymentIntent, request)

    async def charge(self, payment: PaymentRow) -> PaymentIntent:
        """Create a payment's PaymentIntent and confirm it with a saved payment method, on-session.

        A decline is no error: the intent that it left is returned. Raises StripeRefused only where
        Stripe did not try the card, and StripeUnavailable where it may have: after a 500, or
        another request under the same key.
        """
        parameters = {
            **self.intent_parameters(payment),
            "customer": payment.stripe_customer_id,
            "payment_method": payment.stripe_payment_method_id,
            "confirm": True,
            "return_url": f"{self._public_url}/pay/{payment.id}/return",
        }
        request = self._stripe.payment_intents.create_async(
            parameters, idempotency_options(payment)
        )
        try:
            return await chargeable_answer(PaymentIntent, request)
        except StripeRefused as refused:
            error = refused.__cause__
            if isinstance(error, stripe.CardError) and error.error and error.error.payment_intent:
                return read_answer(PaymentIntent, error.error.payment_intent.to_dict())
            raise

    async def find_intent(self, payment: PaymentRow) -> PaymentIntent | None:
        """Find the PaymentIntent that was created for a charge, by our id in its metadata."""
        if payment.stripe_customer_id is None:
            return None
        list_async = self._stripe.payment_intents.list_async
        return await find_created(PaymentIntent, payment, PAYMENT_METADATA, list_async)

    async def get_intent(self, intent_id: str) -> PaymentIntent:
        """Fetch a PaymentIntent."""
        return await result_of(
            PaymentIntent, self._stripe.payment_intents.retrieve_async(intent_id)
        )

    async def cancel_intent(self, intent_id: str) -> PaymentIntent:
        """Cancel a PaymentIntent. Raises StripeRefused if money is on its way or has arrived."""
        request = self._stripe.payment_intents.cancel_async(
            intent_id, {}, new_idempotency_options()
        )
        return await result_of(PaymentIntent, request)

    async def create_refund(self, refund: RefundRow) -> Refund:
        """Create a refund of a payment's intent, by parameters from its row alone."""
        parameters: Json = {
            "payment_intent": refund.stripe_payment_intent_id,
            "amount": refund.amount_minor,
            "metadata": self.with_installation(
                **{PAYMENT_METADATA: str(refund.payment_id), REFUND_METADATA: str(refund.id)}
            ),
        }
        if refund.reason:
            parameters["reason"] = refund.reason
        return await result_of(
            Refund, self._stripe.refunds.create_async(parameters, idempotency_options(refund))
        )

    async def list_refunds(self, intent_id: str) -> list[Refund]:
        """List an intent's refunds, newest first, including those made in the dashboard."""
        parameters = {"payment_intent": intent_id, "limit": 100}
        return await list_all(Refund, self._stripe.refunds.list_async(parameters))

    async def create_customer(self, organization: CustomerRow) -> str:
        """Create a customer for an organization, another one each time, and return its id."""
        ours = self.with_installation(**{ORGANIZATION_METADATA: str(organization.organization_id)})
        parameters = {"name": organization.name, "metadata": ours}
        made = await result_of(
            Identified, self._stripe.customers.create_async(parameters, new_idempotency_options())
        )
        return made.id

    async def get_event(self, event_id: str) -> StripeEvent:
        """Fetch an event, which Stripe keeps for 30 days."""
        return await result_of(StripeEvent, self._stripe.events.retrieve_async(event_id))

    async def list_events_since(self, created: int, types: list[str]) -> list[Json]:
        """List events of these types from `created` (seconds since 1970) on, in any order.

        As JSON, each to be parsed by itself, so that one that is not as documented hides no other.
        """
        events: list[Json] = []
        for first in range(0, len(types), TYPES_AT_ONCE):
            parameters = {
                "types": types[first : first + TYPES_AT_ONCE],
                "created": {"gte": created},
            }
            newest_first = self._stripe.events.list_async({**parameters, "limit": 100})
            events += (await listed_as_sent(newest_first))[::-1]
        return events

    def verify(self, raw: bytes, signature: str | None) -> None:
        """Raise InvalidSignature unless one of our secrets signed these bytes just now."""
        verify_signature(raw, signature, self._webhook_secrets)


def payment_description(payment: PaymentRow) -> str:
    """Return the description in Stripe's dashboard and on receipts."""
    return f"Top-up {payment.reference}"


def saving_parameters(payment: PaymentRow) -> Json:
    """Return parameters that let the payer save the card, with a notice of who can charge it then.

    Without a customer nothing can be saved.
    https://docs.stripe.com/payments/checkout/save-during-payment
    """
    if payment.stripe_customer_id is None:
        return {"custom_text": {"submit": {"message": payment_notice(payment)}}}
    return {
        "customer": payment.stripe_customer_id,
        "saved_payment_method_options": {"payment_method_save": "enabled"},
        "custom_text": {"submit": {"message": saving_notice(payment)}},
    }


@asynccontextmanager
async def stripe_gateway(
    secret_key: str, webhook_secrets: tuple[str, ...], api_base: str, public_url: str
) -> AsyncIterator[StripeGateway]:
    """Open a gateway, whose connections close with the block."""
    http_client = stripe.AIOHTTPClient(timeout=ONE_TRY)
    client = stripe.StripeClient(
        secret_key, base_addresses={"api": api_base}, max_network_retries=2, http_client=http_client
    )
    try:
        livemode = not secret_key.startswith(("sk_test_", "rk_test_"))
        yield StripeGateway(client, webhook_secrets, public_url, livemode)
    finally:
        await http_client.close_async()  # type: ignore[no-untyped-call]
