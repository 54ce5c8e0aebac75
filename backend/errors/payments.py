"""Refusals about payments, refunds, subscriptions and Stripe."""

from backend.errors.declines import DECLINE_SENTENCES, NO_REASON
from backend.errors.kinds import Refusal


class CardDeclined(Refusal, status=402):
    """The bank did not accept the card, and why, where that may be told: `declines`."""

    message = NO_REASON

    def __init__(self, decline_code: str) -> None:
        """`decline_code` is Stripe's: https://docs.stripe.com/declines/codes."""
        super().__init__(DECLINE_SENTENCES.get(decline_code), decline_code=decline_code)


class TopupsOff(Refusal, status=403):
    """Whoever runs this keeps top-ups out of the chat: see docs/telegram-policy.md."""

    message = "Money is not added in the chat here."


class IdempotencyKeyReused(Refusal, status=409):
    """The same key with another body."""

    message = "This Idempotency-Key was used before with another request. Use a new key."


class PaymentClosed(Refusal, status=409):
    """The payment has gone too far for this."""

    message = "The payment is {status} and cannot be changed any more. Start a new one."


class ReferenceUsed(Refusal, status=409):
    """Another payment of the organization is for the same order, and open or paid."""

    message = "The payment {payment} has this reference already."


class NothingToRefund(Refusal, status=409):
    """Not paid, or all of it has gone back, is disputed or was spent."""

    message = (
        "Nothing of this payment can go back: it is {payment_status}, refunded, disputed or spent."
    )


class RefundTooLarge(Refusal, status=422):
    """More than is left of the payment, or than the wallet has."""

    message = "At most {most} {currency} of this payment can go back."


class SubscriptionOver(Refusal, status=409):
    """Not begun, or at its end: nothing to change."""

    message = "The recurring top-up is {status} and cannot be changed. Start a new one."


class SubscriptionCurrency(Refusal, status=409):
    """Stripe bills one customer in one currency at a time."""

    message = "The organization has a recurring top-up in {currency}: end that first, or use it."


class InvalidSignature(Refusal):
    """Not signed by Stripe with a secret of ours. Why is nobody's business."""

    message = "Invalid signature."


class WrongStripeMode(Refusal):
    """A live database was shown test money, or the other way round."""

    message = (
        "This database belongs to Stripe's other mode (live or test)."
        " Use keys and webhooks of its own mode, or another database."
    )
