"""Requests about PaymentIntents: for a client's own page, and charges of saved payment methods."""

import stripe
from stripe.params import PaymentIntentCreateParams, PaymentIntentListParams

from backend.database.functions.payments import PaymentRow
from backend.failures import StripeRefused
from backend.stripe.answers import (
    chargeable_answer,
    find_created,
    read_answer,
    result_of,
)
from backend.stripe.checkout import payment_description, payment_metadata
from backend.stripe.connection import StripeConnection
from backend.stripe.idempotency_keys import idempotency_options, new_idempotency_options
from backend.stripe.metadata import PAYMENT_METADATA, Purpose
from backend.stripe.parsers.charges import Charge
from backend.stripe.parsers.intents import PaymentIntent


class StripeIntents(StripeConnection):
    """Requests about payments without a page of Stripe's."""

    async def create_intent(self, payment: PaymentRow) -> PaymentIntent:
        """Create a payment's PaymentIntent, for a client's own page with Stripe's Elements."""
        parameters = await self.frozen(
            payment.id,
            payment.attempt,
            "intent",
            payment.organization_id,
            self.intent_parameters("intent", payment),
        )
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
        parameters = self.intent_parameters("charge", payment)
        parameters["confirm"] = True
        parameters["return_url"] = f"{self.public_url}/pay/{payment.id}/return"
        if payment.stripe_customer_id is not None:
            parameters["customer"] = payment.stripe_customer_id
        if payment.stripe_payment_method_id is not None:
            parameters["payment_method"] = payment.stripe_payment_method_id
        parameters = await self.frozen(
            payment.id, payment.attempt, "charge", payment.organization_id, parameters
        )
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

    async def find_intent(self, payment: PaymentRow, since: int) -> PaymentIntent | None:
        """Find the PaymentIntent that was created for a payment, by our id in its metadata.

        `since` in seconds since 1970. Of a charge among its customer's; a page of the payer's own
        has no customer.
        """
        filters: PaymentIntentListParams = {"created": {"gte": since}, "limit": 100}
        if payment.stripe_customer_id is not None:
            filters["customer"] = payment.stripe_customer_id
        listed = self._stripe.payment_intents.list_async(filters)
        return await find_created(PaymentIntent, payment.id, PAYMENT_METADATA, listed)

    async def get_intent(self, stripe_payment_intent_id: str) -> PaymentIntent:
        """Fetch a PaymentIntent with its latest charge."""
        request = self._stripe.payment_intents.retrieve_async(
            stripe_payment_intent_id, {"expand": ["latest_charge"]}
        )
        return await result_of(PaymentIntent, request)

    async def get_latest_charge(self, stripe_payment_intent_id: str) -> Charge | None:
        """Fetch an intent's latest charge, with the address of its receipt; None without one."""
        charge = (await self.get_intent(stripe_payment_intent_id)).latest_charge
        return charge if isinstance(charge, Charge) else None

    async def cancel_intent(self, stripe_payment_intent_id: str) -> PaymentIntent:
        """Cancel a PaymentIntent. Raises StripeRefused if money is on its way or has arrived."""
        request = self._stripe.payment_intents.cancel_async(
            stripe_payment_intent_id, {}, new_idempotency_options()
        )
        return await result_of(PaymentIntent, request)

    def intent_parameters(self, purpose: Purpose, payment: PaymentRow) -> PaymentIntentCreateParams:
        """Return the parameters that all PaymentIntents of ours have in common."""
        return {
            "amount": payment.amount_minor,
            "currency": payment.currency,
            "automatic_payment_methods": {"enabled": True},
            "description": payment_description(payment),
            "metadata": self.with_installation(payment_metadata(purpose, payment)),
        }
