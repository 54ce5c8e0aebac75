"""Keys of sentences about refunds, disputes and adjustments."""

from collections.abc import Mapping
from typing import Final

from bot.locales.key import Key


class Refund:
    """Sentences while a payment is refunded."""

    QUESTION: Final = Key("refund.question", "most")
    SURE: Final = Key("refund.sure", "amount", "payer", "organization")
    YES: Final = Key("refund.yes", "amount")
    SUCCEEDED: Final = Key("refund.succeeded", "amount", "organization", "payer")
    PENDING: Final = Key("refund.pending", "amount", "organization", "payer")
    REQUESTED: Final = Key("refund.requested", "amount")
    FAILED: Final = Key("refund.failed", "amount", "organization")
    STRIPE_UNAVAILABLE: Final = Key("refund.stripe_unavailable", "amount")
    STRIPE_REFUSED: Final = Key("refund.stripe_refused")
    STRIPE_NOT_SET_UP: Final = Key("refund.stripe_not_set_up")


class DisputeStatus:
    """Sentences on the status of a payment's dispute."""

    OTHER: Final = Key("dispute.other")
    WARNING_NEEDS_RESPONSE: Final = Key("dispute.warning_needs_response")
    WARNING_UNDER_REVIEW: Final = Key("dispute.warning_under_review")
    WARNING_CLOSED: Final = Key("dispute.warning_closed")
    WON: Final = Key("dispute.won")
    LOST: Final = Key("dispute.lost")


class Clawback:
    """Notifications of refunds, disputes and fraud warnings."""

    REFUND_MADE_PENDING: Final = Key("clawback.refund_made_pending", "by", "amount", "organization")
    REFUND_MADE: Final = Key("clawback.refund_made", "by", "amount", "organization")
    REFUND_MADE_COVERED: Final = Key("clawback.refund_made_covered", "by", "amount", "organization")
    REFUND_FAILED: Final = Key("clawback.refund_failed", "reason", "amount", "organization")
    DISPUTE_OPENED: Final = Key("clawback.dispute_opened", "reason", "amount", "organization")
    DISPUTE_OPENED_WARNING_NEEDS_RESPONSE: Final = Key(
        "clawback.dispute_opened_warning_needs_response", "reason", "amount", "organization"
    )
    DISPUTE_WITHDRAWN: Final = Key("clawback.dispute_withdrawn", "amount", "organization")
    DISPUTE_REINSTATED: Final = Key("clawback.dispute_reinstated", "amount", "organization")
    DISPUTE_REINSTATED_LOST: Final = Key(
        "clawback.dispute_reinstated_lost", "amount", "organization"
    )
    DISPUTE_CLOSED_PREVENTED: Final = Key(
        "clawback.dispute_closed_prevented", "amount", "organization"
    )
    DISPUTE_CLOSED: Final = Key("clawback.dispute_closed", "amount", "organization")
    DISPUTE_CLOSED_WON: Final = Key("clawback.dispute_closed_won", "amount", "organization")
    DISPUTE_CLOSED_LOST: Final = Key("clawback.dispute_closed_lost", "amount", "organization")
    FRAUD_WARNED: Final = Key("clawback.fraud_warned", "reason", "amount", "organization")
    FRAUD_WARNED_OVER: Final = Key("clawback.fraud_warned_over", "reason", "amount", "organization")
    ANSWER_BY: Final = Key("clawback.answer_by", "day")
    DASHBOARD: Final = Key("clawback.dashboard")


class ClawbackReason:
    """Reasons of clawbacks, as a part of a sentence."""

    OTHER: Final = Key("reason.other")
    DUPLICATE: Final = Key("reason.duplicate")
    FRAUDULENT: Final = Key("reason.fraudulent")
    PRODUCT_NOT_RECEIVED: Final = Key("reason.product_not_received")
    PRODUCT_UNACCEPTABLE: Final = Key("reason.product_unacceptable")
    UNRECOGNIZED: Final = Key("reason.unrecognized")
    SUBSCRIPTION_CANCELED: Final = Key("reason.subscription_canceled")
    CREDIT_NOT_PROCESSED: Final = Key("reason.credit_not_processed")
    LOST_OR_STOLEN_CARD: Final = Key("reason.lost_or_stolen_card")
    EXPIRED_OR_CANCELED_CARD: Final = Key("reason.expired_or_canceled_card")
    INSUFFICIENT_FUNDS: Final = Key("reason.insufficient_funds")
    DECLINED: Final = Key("reason.declined")
    CARD_NEVER_RECEIVED: Final = Key("reason.card_never_received")
    FRAUDULENT_CARD_APPLICATION: Final = Key("reason.fraudulent_card_application")
    MADE_WITH_COUNTERFEIT_CARD: Final = Key("reason.made_with_counterfeit_card")
    MADE_WITH_LOST_CARD: Final = Key("reason.made_with_lost_card")
    MADE_WITH_STOLEN_CARD: Final = Key("reason.made_with_stolen_card")
    MISC: Final = Key("reason.misc")
    UNAUTHORIZED_USE_OF_CARD: Final = Key("reason.unauthorized_use_of_card")


class Adjustment:
    """Notifications of adjustments."""

    ADDED: Final = Key("adjusted.added", "amount", "organization", "reason", "reference")
    TAKEN: Final = Key("adjusted.taken", "amount", "organization", "reason", "reference")


# How far a refund is, for who asked for it: some statuses are alike for people.
REFUND_RESULTS: Final[Mapping[str, Key]] = {
    "requested": Refund.REQUESTED,
    "pending": Refund.PENDING,
    "requires_action": Refund.PENDING,
    "succeeded": Refund.SUCCEEDED,
    "failed": Refund.FAILED,
    "canceled": Refund.FAILED,
}
# By the refusal's code, where Stripe did not send the money back.
REFUND_FAILURES: Final[Mapping[str, Key]] = {
    "stripe_unavailable": Refund.STRIPE_UNAVAILABLE,
    "stripe_refused": Refund.STRIPE_REFUSED,
}
# By Stripe's status (https://docs.stripe.com/api/disputes/object#dispute_object-status); any other
# reads as `OTHER`.
DISPUTE_STATUSES: Final[Mapping[str, Key]] = {
    "warning_needs_response": DisputeStatus.WARNING_NEEDS_RESPONSE,
    "warning_under_review": DisputeStatus.WARNING_UNDER_REVIEW,
    "warning_closed": DisputeStatus.WARNING_CLOSED,
    "won": DisputeStatus.WON,
    "lost": DisputeStatus.LOST,
}
# By the notification's kind, and below by its kind and its fact `status` where that matters.
CLAWBACKS: Final[Mapping[str, Key]] = {
    "refund_made": Clawback.REFUND_MADE,
    "refund_failed": Clawback.REFUND_FAILED,
    "dispute_opened": Clawback.DISPUTE_OPENED,
    "dispute_withdrawn": Clawback.DISPUTE_WITHDRAWN,
    "dispute_reinstated": Clawback.DISPUTE_REINSTATED,
    "dispute_closed": Clawback.DISPUTE_CLOSED,
    "fraud_warned": Clawback.FRAUD_WARNED,
}
CLAWBACKS_BY_STATUS: Final[Mapping[tuple[str, str], Key]] = {
    ("refund_made", "pending"): Clawback.REFUND_MADE_PENDING,
    ("refund_made", "requires_action"): Clawback.REFUND_MADE_PENDING,
    ("refund_made", "covered"): Clawback.REFUND_MADE_COVERED,
    ("dispute_opened", "warning_needs_response"): Clawback.DISPUTE_OPENED_WARNING_NEEDS_RESPONSE,
    ("dispute_reinstated", "lost"): Clawback.DISPUTE_REINSTATED_LOST,
    ("dispute_closed", "prevented"): Clawback.DISPUTE_CLOSED_PREVENTED,
    ("dispute_closed", "won"): Clawback.DISPUTE_CLOSED_WON,
    ("dispute_closed", "lost"): Clawback.DISPUTE_CLOSED_LOST,
    ("fraud_warned", "over"): Clawback.FRAUD_WARNED_OVER,
}
# By Stripe's codes: reasons of refunds (and why they failed), of disputes, and types of fraud
# warnings. Any other reads as `OTHER`.
CLAWBACK_REASONS: Final[Mapping[str, Key]] = {
    "duplicate": ClawbackReason.DUPLICATE,
    "fraudulent": ClawbackReason.FRAUDULENT,
    "product_not_received": ClawbackReason.PRODUCT_NOT_RECEIVED,
    "product_unacceptable": ClawbackReason.PRODUCT_UNACCEPTABLE,
    "unrecognized": ClawbackReason.UNRECOGNIZED,
    "subscription_canceled": ClawbackReason.SUBSCRIPTION_CANCELED,
    "credit_not_processed": ClawbackReason.CREDIT_NOT_PROCESSED,
    "lost_or_stolen_card": ClawbackReason.LOST_OR_STOLEN_CARD,
    "expired_or_canceled_card": ClawbackReason.EXPIRED_OR_CANCELED_CARD,
    "insufficient_funds": ClawbackReason.INSUFFICIENT_FUNDS,
    "declined": ClawbackReason.DECLINED,
    "card_never_received": ClawbackReason.CARD_NEVER_RECEIVED,
    "fraudulent_card_application": ClawbackReason.FRAUDULENT_CARD_APPLICATION,
    "made_with_counterfeit_card": ClawbackReason.MADE_WITH_COUNTERFEIT_CARD,
    "made_with_lost_card": ClawbackReason.MADE_WITH_LOST_CARD,
    "made_with_stolen_card": ClawbackReason.MADE_WITH_STOLEN_CARD,
    "misc": ClawbackReason.MISC,
    "unauthorized_use_of_card": ClawbackReason.UNAUTHORIZED_USE_OF_CARD,
}
