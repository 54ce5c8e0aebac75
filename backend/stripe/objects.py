"""What we fetch of Stripe's objects that our own requests did not make: a part of the gateway."""

from typing import Any

from backend.schemas import Json
from backend.stripe.answers import answer, listed

SETTLED = {"expand": ["balance_transaction"]}


class StripeObjects:
    """Disputes, charges, refunds and whose account it is, as plain dicts."""

    _stripe: Any  # the v1 services of a StripeClient

    async def get_account_id(self) -> str:
        """The account that the key belongs to."""
        account = await answer(self._stripe.accounts.retrieve_current_async())
        return str(account["id"])

    async def get_dispute(self, dispute_id: str) -> Json:
        """A dispute with its balance transactions."""
        return await answer(self._stripe.disputes.retrieve_async(dispute_id))

    async def disputes_of(self, intent_id: str) -> list[Json]:
        """An intent's disputes, newest first."""
        wanted = {"payment_intent": intent_id, "limit": 100}
        return await listed(self._stripe.disputes.list_async(wanted))

    async def sessions_of(self, intent_id: str) -> list[Json]:
        """The pages that made an intent: one, or none."""
        wanted = {"payment_intent": intent_id, "limit": 1}
        return await listed(self._stripe.checkout.sessions.list_async(wanted))

    async def get_charge(self, charge_id: str) -> Json:
        """A charge with what Stripe's balance got for it."""
        return await answer(self._stripe.charges.retrieve_async(charge_id, SETTLED))

    async def get_refund(self, refund_id: str) -> Json:
        """A refund."""
        return await answer(self._stripe.refunds.retrieve_async(refund_id))

    async def get_warning(self, warning_id: str) -> Json:
        """An early fraud warning."""
        return await answer(self._stripe.radar.early_fraud_warnings.retrieve_async(warning_id))

    async def get_method(self, method_id: str) -> Json:
        """A payment method."""
        return await answer(self._stripe.payment_methods.retrieve_async(method_id))

    async def get_setup_intent(self, setup_intent_id: str) -> Json:
        """A setup intent."""
        return await answer(self._stripe.setup_intents.retrieve_async(setup_intent_id))
