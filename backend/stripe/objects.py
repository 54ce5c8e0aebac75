"""Requests for objects that other requests or payers have created: a part of the gateway."""

from typing import Any

from backend.stripe.answers import list_all, result_of
from backend.stripe.parsers.charges import Charge
from backend.stripe.parsers.disputes import Dispute, EarlyFraudWarning
from backend.stripe.parsers.payment_methods import SetupIntent, StripePaymentMethod
from backend.stripe.parsers.refunds import Refund
from backend.stripe.parsers.sessions import CheckoutSession

SETTLED = {"expand": ["balance_transaction"]}


class StripeObjects:
    """Requests for disputes, charges, refunds, pages and payment methods."""

    _stripe: Any  # the v1 services of a StripeClient

    async def get_dispute(self, dispute_id: str) -> Dispute:
        """Fetch a dispute with its balance transactions."""
        return await result_of(Dispute, self._stripe.disputes.retrieve_async(dispute_id))

    async def list_disputes(self, intent_id: str) -> list[Dispute]:
        """List an intent's disputes, newest first."""
        parameters = {"payment_intent": intent_id, "limit": 100}
        return await list_all(Dispute, self._stripe.disputes.list_async(parameters))

    async def list_checkout_sessions(self, intent_id: str) -> list[CheckoutSession]:
        """List the Checkout Session that created an intent: one, or none."""
        parameters = {"payment_intent": intent_id, "limit": 1}
        return await list_all(
            CheckoutSession, self._stripe.checkout.sessions.list_async(parameters)
        )

    async def get_charge(self, charge_id: str) -> Charge:
        """Fetch a charge with its balance transaction."""
        return await result_of(Charge, self._stripe.charges.retrieve_async(charge_id, SETTLED))

    async def get_refund(self, refund_id: str) -> Refund:
        """Fetch a refund."""
        return await result_of(Refund, self._stripe.refunds.retrieve_async(refund_id))

    async def get_fraud_warning(self, warning_id: str) -> EarlyFraudWarning:
        """Fetch an early fraud warning."""
        request = self._stripe.radar.early_fraud_warnings.retrieve_async(warning_id)
        return await result_of(EarlyFraudWarning, request)

    async def get_payment_method(self, method_id: str) -> StripePaymentMethod:
        """Fetch a payment method."""
        request = self._stripe.payment_methods.retrieve_async(method_id)
        return await result_of(StripePaymentMethod, request)

    async def get_setup_intent(self, setup_intent_id: str) -> SetupIntent:
        """Fetch a SetupIntent."""
        return await result_of(
            SetupIntent, self._stripe.setup_intents.retrieve_async(setup_intent_id)
        )
