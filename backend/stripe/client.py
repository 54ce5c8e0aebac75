"""Everything we say to Stripe; of saved cards, see `payment_methods`; of invoices, `billing`.

Every POST carries our own idempotency key, `<payment>:<attempt>`, so that a repeat after a lost
answer finds the same session (https://docs.stripe.com/api/idempotent_requests). Stripe's errors
leave as StripeRefused (a definite no) or StripeUnavailable (nobody knows), its answers as models of
what it documents (`parsers`).
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

ONE_TRY = aiohttp.ClientTimeout(total=7, connect=3)
TYPES_AT_ONCE = 20  # https://docs.stripe.com/api/events/list#list_events-types
API_VERSION: str = stripe.api_version  # what this SDK speaks


class StripeGateway(StripeCards, StripeBilling, StripeObjects, StripeAccount):
    """Sessions, intents, refunds, customers, events and signatures."""

    def __init__(
        self,
        client: stripe.StripeClient,
        webhook_secrets: tuple[str, ...],
        public_url: str,
        livemode: bool,
    ) -> None:
        """`public_url` is where payers come back to; no trailing slash. `livemode` is the key's."""
        self.livemode = livemode
        self.installation_id: str | None = None  # of the database, once it is known
        self._client, self._stripe = client, client.v1
        self._webhook_secrets = webhook_secrets
        self._public_url = public_url
        self._usable_products = {}

    async def create_checkout(self, payment: PaymentRow) -> CheckoutSession:
        """The payment's Checkout Session. The request is rebuilt from the row alone."""
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
        """Metadata of ours, and whose it is where several installations use one account."""
        if self.installation_id is None:
            return ours
        return {**ours, INSTALLATION_METADATA: self.installation_id}

    def intent_parameters(self, payment: PaymentRow) -> Json:
        """What every PaymentIntent that we make is asked with."""
        return {
            "amount": payment.amount_minor,
            "currency": payment.currency,
            "automatic_payment_methods": {"enabled": True},
            "description": payment_description(payment),
            "metadata": self.with_installation(**{PAYMENT_METADATA: str(payment.id)}),
        }

    async def get_session(self, session_id: str) -> CheckoutSession:
        """A Checkout Session with its PaymentIntent, once it has one."""
        parameters = {"expand": ["payment_intent"]}
        request = self._stripe.checkout.sessions.retrieve_async(session_id, parameters)
        return await result_of(CheckoutSession, request)

    async def expire_session(self, session_id: str) -> CheckoutSession:
        """Close an open page. Stripe refuses where it is not open any more."""
        # A new key: expiring is idempotent by itself, a remembered 500 is not.
        request = self._stripe.checkout.sessions.expire_async(
            session_id, {}, new_idempotency_options()
        )
        return await result_of(CheckoutSession, request)

    async def create_intent(self, payment: PaymentRow) -> PaymentIntent:
        """The payment's PaymentIntent, for a page of the payer's own with Stripe's elements."""
        parameters = self.intent_parameters(payment)
        request = self._stripe.payment_intents.create_async(
            parameters, idempotency_options(payment)
        )
        return await result_of(PaymentIntent, request)

    async def charge(self, payment: PaymentRow) -> PaymentIntent:
        """The payment's intent, confirmed with a saved card while its payer is there.

        A decline is an answer: the intent that it left. Raises StripeRefused only where Stripe
        did not try the card; a 500 or another request under the same key say nothing about that.
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
        """The PaymentIntent that was made for a charge, by our id in its metadata."""
        if payment.stripe_customer_id is None:
            return None
        list_async = self._stripe.payment_intents.list_async
        return await find_created(PaymentIntent, payment, PAYMENT_METADATA, list_async)

    async def get_intent(self, intent_id: str) -> PaymentIntent:
        """A PaymentIntent."""
        return await result_of(
            PaymentIntent, self._stripe.payment_intents.retrieve_async(intent_id)
        )

    async def cancel_intent(self, intent_id: str) -> PaymentIntent:
        """Nobody can confirm it any more. Stripe refuses where money is on its way."""
        request = self._stripe.payment_intents.cancel_async(
            intent_id, {}, new_idempotency_options()
        )
        return await result_of(PaymentIntent, request)

    async def create_refund(self, refund: RefundRow) -> Refund:
        """The refund, of the payment's intent. The request is rebuilt from the row alone."""
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
        """An intent's refunds, newest first, those of the dashboard as well."""
        parameters = {"payment_intent": intent_id, "limit": 100}
        return await list_all(Refund, self._stripe.refunds.list_async(parameters))

    async def create_customer(self, organization: CustomerRow) -> str:
        """Make the organization Stripe's customer; its id. Another time it is another one."""
        ours = self.with_installation(**{ORGANIZATION_METADATA: str(organization.organization_id)})
        parameters = {"name": organization.name, "metadata": ours}
        made = await result_of(
            Identified, self._stripe.customers.create_async(parameters, new_idempotency_options())
        )
        return made.id

    async def get_event(self, event_id: str) -> StripeEvent:
        """An event of the last 30 days."""
        return await result_of(StripeEvent, self._stripe.events.retrieve_async(event_id))

    async def list_events_since(self, created: int, types: list[str]) -> list[Json]:
        """Events of these types from `created` (seconds since 1970) on, in any order.

        Each as Stripe sent it: one that is not as documented hides no other.
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
    """What stands beside it in Stripe's dashboard and on receipts."""
    return f"Top-up {payment.reference}"


def saving_parameters(payment: PaymentRow) -> Json:
    """The payer may save the card for the organization, and is told who can charge it then.

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
    """A gateway whose connections close with the block."""
    http_client = stripe.AIOHTTPClient(timeout=ONE_TRY)
    client = stripe.StripeClient(
        secret_key, base_addresses={"api": api_base}, max_network_retries=2, http_client=http_client
    )
    try:
        livemode = not secret_key.startswith(("sk_test_", "rk_test_"))
        yield StripeGateway(client, webhook_secrets, public_url, livemode)
    finally:
        await http_client.close_async()  # type: ignore[no-untyped-call]
