"""Requests about refunds, disputes, fraud warnings, and the charges that they are about."""

from stripe.params import RefundCreateParams

from backend.database.functions.refunds import RefundRow
from backend.stripe.answers import chargeable_answer, list_all, result_of
from backend.stripe.connection import StripeConnection
from backend.stripe.idempotency_keys import idempotency_options
from backend.stripe.metadata import PAYMENT_METADATA, REFUND_METADATA, request_metadata
from backend.stripe.parsers.charges import Charge
from backend.stripe.parsers.disputes import Dispute, EarlyFraudWarning
from backend.stripe.parsers.refunds import Refund


class StripeClawbacks(StripeConnection):
    """Requests about refunds, disputes, fraud warnings and charges."""

    async def create_refund(self, refund: RefundRow) -> Refund:
        """Create a refund of a payment's intent, by the parameters of its first request.

        Raises StripeRefused only where Stripe did not make it, and StripeUnavailable where it may
        have: after a 500, too.
        """
        money = (refund.amount_minor, refund.money.currency)
        metadata = {
            PAYMENT_METADATA: str(refund.payment_id),
            REFUND_METADATA: str(refund.id),
            **request_metadata("refund", refund.organization_id, refund.key_hash, money),
        }
        parameters: RefundCreateParams = {
            "payment_intent": refund.stripe_payment_intent_id,
            "amount": refund.amount_minor,
            "metadata": self.with_installation(metadata),
        }
        if refund.reason:
            parameters["reason"] = refund.reason
        parameters = await self.frozen(
            refund.id, refund.attempt, "refund", refund.organization_id, parameters
        )
        request = self._stripe.refunds.create_async(parameters, idempotency_options(refund))
        return await chargeable_answer(Refund, request)

    async def get_refund(self, refund_id: str) -> Refund:
        """Fetch a refund."""
        return await result_of(Refund, self._stripe.refunds.retrieve_async(refund_id))

    async def list_refunds(self, stripe_payment_intent_id: str) -> list[Refund]:
        """List an intent's refunds, newest first, including those made in the dashboard."""
        request = self._stripe.refunds.list_async(
            {"payment_intent": stripe_payment_intent_id, "limit": 100}
        )
        return await list_all(Refund, request)

    async def get_dispute(self, dispute_id: str) -> Dispute:
        """Fetch a dispute with its balance transactions."""
        return await result_of(Dispute, self._stripe.disputes.retrieve_async(dispute_id))

    async def list_disputes(self, stripe_payment_intent_id: str) -> list[Dispute]:
        """List an intent's disputes, newest first."""
        request = self._stripe.disputes.list_async(
            {"payment_intent": stripe_payment_intent_id, "limit": 100}
        )
        return await list_all(Dispute, request)

    async def get_fraud_warning(self, warning_id: str) -> EarlyFraudWarning:
        """Fetch an early fraud warning."""
        request = self._stripe.radar.early_fraud_warnings.retrieve_async(warning_id)
        return await result_of(EarlyFraudWarning, request)

    async def get_charge(self, stripe_charge_id: str) -> Charge:
        """Fetch a charge with its balance transaction."""
        request = self._stripe.charges.retrieve_async(
            stripe_charge_id, {"expand": ["balance_transaction"]}
        )
        return await result_of(Charge, request)
