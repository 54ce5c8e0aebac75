"""What we fetch of Stripe's objects that our own requests did not make: a part of the gateway."""

from typing import Any

from backend.stripe.answers import answer, listed
from backend.stripe.parsers.charges import Charge
from backend.stripe.parsers.disputes import Dispute, EarlyFraudWarning
from backend.stripe.parsers.documented import Identified
from backend.stripe.parsers.payment_methods import SetupIntent, StripePaymentMethod
from backend.stripe.parsers.refunds import Refund
from backend.stripe.parsers.sessions import CheckoutSession

SETTLED = {"expand": ["balance_transaction"]}


class StripeObjects:
    """Disputes, charges, refunds and whose account it is."""

    _stripe: Any  # the v1 services of a StripeClient

    async def get_account_id(self) -> str:
        """The account that the key belongs to."""
        return (await answer(Identified, self._stripe.accounts.retrieve_current_async())).id

    async def get_dispute(self, dispute_id: str) -> Dispute:
        """A dispute with its balance transactions."""
        return await answer(Dispute, self._stripe.disputes.retrieve_async(dispute_id))

    async def disputes_of(self, intent_id: str) -> list[Dispute]:
        """An intent's disputes, newest first."""
        wanted = {"payment_intent": intent_id, "limit": 100}
        return await listed(Dispute, self._stripe.disputes.list_async(wanted))

    async def sessions_of(self, intent_id: str) -> list[CheckoutSession]:
        """The pages that made an intent: one, or none."""
        wanted = {"payment_intent": intent_id, "limit": 1}
        return await listed(CheckoutSession, self._stripe.checkout.sessions.list_async(wanted))

    async def get_charge(self, charge_id: str) -> Charge:
        """A charge with what Stripe's balance got for it."""
        return await answer(Charge, self._stripe.charges.retrieve_async(charge_id, SETTLED))

    async def get_refund(self, refund_id: str) -> Refund:
        """A refund."""
        return await answer(Refund, self._stripe.refunds.retrieve_async(refund_id))

    async def get_warning(self, warning_id: str) -> EarlyFraudWarning:
        """An early fraud warning."""
        asked = self._stripe.radar.early_fraud_warnings.retrieve_async(warning_id)
        return await answer(EarlyFraudWarning, asked)

    async def get_method(self, method_id: str) -> StripePaymentMethod:
        """A payment method."""
        asked = self._stripe.payment_methods.retrieve_async(method_id)
        return await answer(StripePaymentMethod, asked)

    async def get_setup_intent(self, setup_intent_id: str) -> SetupIntent:
        """A setup intent."""
        return await answer(SetupIntent, self._stripe.setup_intents.retrieve_async(setup_intent_id))
