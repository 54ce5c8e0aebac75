"""Keys of sentences about payments, receipts and invoices."""

from collections.abc import Mapping
from typing import Final

from bot.locales.key import Key


class TopUp:
    """Sentences of /topup."""

    ORGANIZATION: Final = Key("topup.organization")
    AMOUNT: Final = Key("topup.amount", "organization", "minimum", "maximum")
    QUESTION: Final = Key("topup.question", "organization", "minimum", "maximum")
    DEBT: Final = Key("topup.debt", "debt")
    ROLE_TOO_LOW: Final = Key("topup.role_too_low", "organization", "role")


class Payment:
    """Parts of the message of a payment."""

    CREATED: Final = Key("payment.created", "amount", "organization")
    PENDING: Final = Key("payment.pending", "amount", "organization", "until")
    PROCESSING: Final = Key("payment.processing", "amount", "organization")
    SUCCEEDED: Final = Key("payment.succeeded", "payer", "amount", "organization")
    FAILED: Final = Key("payment.failed", "amount", "organization")
    EXPIRED: Final = Key("payment.expired", "amount", "organization")
    CANCELED: Final = Key("payment.canceled", "amount", "organization")
    LINK: Final = Key("payment.link", "url")
    BALANCE: Final = Key("payment.balance", "balance")
    TRANSFER: Final = Key("payment.transfer")
    FUNDED: Final = Key("payment.funded", "funded")
    DEBT: Final = Key("payment.debt", "debt")
    OWED: Final = Key("payment.owed", "balance")
    REFUNDED: Final = Key("payment.refunded", "refunded")
    PARTLY_REFUNDED: Final = Key("payment.partly_refunded", "refunded")
    REFUNDED_PENDING: Final = Key("payment.refunded_pending", "refunded")
    PARTLY_REFUNDED_PENDING: Final = Key("payment.partly_refunded_pending", "refunded")
    REFERENCE: Final = Key("payment.reference", "reference")
    SOMEBODY: Final = Key("payment.somebody")
    SENT_AGAIN: Final = Key("payment.sent_again")


class PaymentStatusName:
    """Names of a payment's status."""

    CREATED: Final = Key("status.created")
    PENDING: Final = Key("status.pending")
    PROCESSING: Final = Key("status.processing")
    SUCCEEDED: Final = Key("status.succeeded")
    FAILED: Final = Key("status.failed")
    EXPIRED: Final = Key("status.expired")
    CANCELED: Final = Key("status.canceled")


class Charge:
    """Parts of the message of a payment with a saved payment method."""

    MORE: Final = Key("charge.more", "count")
    HOW: Final = Key("charge.how", "amount", "organization")
    CREATED: Final = Key("charge.created", "card", "amount", "organization")
    PENDING: Final = Key("charge.pending", "amount", "card", "organization", "until")
    SUCCEEDED: Final = Key("charge.succeeded", "card", "payer", "amount", "organization")
    FAILED: Final = Key("charge.failed", "amount", "organization")
    EXPIRED: Final = Key("charge.expired", "amount", "card", "organization")
    LINK: Final = Key("charge.link", "url")
    CARD: Final = Key("charge.card")
    CARD_DECLINED: Final = Key("charge.card_declined", "card")
    INSUFFICIENT_FUNDS: Final = Key("charge.insufficient_funds", "card")
    EXPIRED_CARD: Final = Key("charge.expired_card", "card")
    PAYMENT_INTENT_AUTHENTICATION_FAILURE: Final = Key(
        "charge.payment_intent_authentication_failure", "card"
    )
    AUTHENTICATION_REQUIRED: Final = Key("charge.authentication_required", "card")
    PROCESSING_ERROR: Final = Key("charge.processing_error", "card")
    AMOUNT_TOO_SMALL: Final = Key("charge.amount_too_small", "amount")
    RESOURCE_MISSING: Final = Key("charge.resource_missing", "card")
    MORE_PERMISSIONS_REQUIRED: Final = Key("charge.more_permissions_required", "card")
    INVALID_API_KEY: Final = Key("charge.invalid_api_key", "card")


class Decline:
    """Reasons why the last try on a page was declined."""

    INSUFFICIENT_FUNDS: Final = Key("decline.insufficient_funds")
    EXPIRED_CARD: Final = Key("decline.expired_card")
    INCORRECT_CVC: Final = Key("decline.incorrect_cvc")
    INCORRECT_NUMBER: Final = Key("decline.incorrect_number")
    AUTHENTICATION_REQUIRED: Final = Key("decline.authentication_required")
    PAYMENT_INTENT_AUTHENTICATION_FAILURE: Final = Key(
        "decline.payment_intent_authentication_failure"
    )
    SETUP_INTENT_AUTHENTICATION_FAILURE: Final = Key("decline.setup_intent_authentication_failure")
    PROCESSING_ERROR: Final = Key("decline.processing_error")
    CARD_NOT_SUPPORTED: Final = Key("decline.card_not_supported")
    LIMIT_REACHED: Final = Key("decline.limit_reached")
    INCORRECT_EXPIRY: Final = Key("decline.incorrect_expiry")
    INCORRECT_ADDRESS: Final = Key("decline.incorrect_address")
    INVALID_ACCOUNT: Final = Key("decline.invalid_account")
    TEST_CARD: Final = Key("decline.test_card")
    CARD_DECLINED: Final = Key("decline.card_declined")


class Review:
    """Sentences on money that arrived and is being checked."""

    UNCLEAR: Final = Key("review.unclear", "amount", "organization")
    REFUND_CURRENCY_DIFFERS: Final = Key("review.refund_currency_differs")
    NOTHING_RECEIVED: Final = Key("review.nothing_received")
    PAID_TWICE: Final = Key("review.paid_twice")


class Receipt:
    """The receipt of a payment."""

    TEXT: Final = Key("receipt.text", "amount", "organization", "payer", "day", "time", "reference")


class Credit:
    """Notifications of other people's payments."""

    INVOICE: Final = Key("credited.invoice", "amount", "organization")
    TEXT: Final = Key("credited.text", "payer", "amount", "organization")
    LESS: Final = Key("credited.less", "requested")


class Invoices:
    """Lines of /invoices."""

    TITLE: Final = Key("invoices.title", "organization")
    NONE: Final = Key("invoices.none", "organization")
    LINE: Final = Key("invoices.line", "day", "amount", "reference", "url")
    MISSING: Final = Key("invoices.missing", "day", "amount", "reference")


PAYMENT_STATUS_NAMES: Final[Mapping[str, Key]] = {
    "created": PaymentStatusName.CREATED,
    "pending": PaymentStatusName.PENDING,
    "processing": PaymentStatusName.PROCESSING,
    "succeeded": PaymentStatusName.SUCCEEDED,
    "failed": PaymentStatusName.FAILED,
    "expired": PaymentStatusName.EXPIRED,
    "canceled": PaymentStatusName.CANCELED,
}
PAYMENT_MESSAGES: Final[Mapping[str, Key]] = {
    "created": Payment.CREATED,
    "pending": Payment.PENDING,
    "processing": Payment.PROCESSING,
    "succeeded": Payment.SUCCEEDED,
    "failed": Payment.FAILED,
    "expired": Payment.EXPIRED,
    "canceled": Payment.CANCELED,
}
# Of a payment with a saved payment method; in other states it reads as any payment.
CHARGE_MESSAGES: Final[Mapping[str, Key]] = {
    "created": Charge.CREATED,
    "pending": Charge.PENDING,
    "succeeded": Charge.SUCCEEDED,
    "failed": Charge.FAILED,
    "expired": Charge.EXPIRED,
}
# By Stripe's decline codes (https://docs.stripe.com/declines/codes) and, of those that say nothing
# to a payer, its error codes. Any other reads as `CARD_DECLINED`.
DECLINES: Final[Mapping[str, Key]] = {
    "insufficient_funds": Decline.INSUFFICIENT_FUNDS,
    "expired_card": Decline.EXPIRED_CARD,
    "incorrect_cvc": Decline.INCORRECT_CVC,
    "incorrect_number": Decline.INCORRECT_NUMBER,
    "authentication_required": Decline.AUTHENTICATION_REQUIRED,
    "payment_intent_authentication_failure": Decline.PAYMENT_INTENT_AUTHENTICATION_FAILURE,
    "setup_intent_authentication_failure": Decline.SETUP_INTENT_AUTHENTICATION_FAILURE,
    "processing_error": Decline.PROCESSING_ERROR,
    "try_again_later": Decline.PROCESSING_ERROR,
    "issuer_not_available": Decline.PROCESSING_ERROR,
    "reenter_transaction": Decline.PROCESSING_ERROR,
    "invalid_cvc": Decline.INCORRECT_CVC,
    "invalid_number": Decline.INCORRECT_NUMBER,
    "invalid_expiry_month": Decline.INCORRECT_EXPIRY,
    "invalid_expiry_year": Decline.INCORRECT_EXPIRY,
    "incorrect_zip": Decline.INCORRECT_ADDRESS,
    "incorrect_address": Decline.INCORRECT_ADDRESS,
    "card_not_supported": Decline.CARD_NOT_SUPPORTED,
    "currency_not_supported": Decline.CARD_NOT_SUPPORTED,
    "card_velocity_exceeded": Decline.LIMIT_REACHED,
    "withdrawal_count_limit_exceeded": Decline.LIMIT_REACHED,
    "invalid_account": Decline.INVALID_ACCOUNT,
    "new_account_information_available": Decline.INVALID_ACCOUNT,
    "testmode_decline": Decline.TEST_CARD,
    "test_mode_live_card": Decline.TEST_CARD,
    "live_mode_test_card": Decline.TEST_CARD,
}
CHARGE_DECLINES: Final[Mapping[str, Key]] = {
    "insufficient_funds": Charge.INSUFFICIENT_FUNDS,
    "expired_card": Charge.EXPIRED_CARD,
    "payment_intent_authentication_failure": Charge.PAYMENT_INTENT_AUTHENTICATION_FAILURE,
    "authentication_required": Charge.AUTHENTICATION_REQUIRED,
    "processing_error": Charge.PROCESSING_ERROR,
    "amount_too_small": Charge.AMOUNT_TOO_SMALL,
    "resource_missing": Charge.RESOURCE_MISSING,
    "more_permissions_required": Charge.MORE_PERMISSIONS_REQUIRED,
    "invalid_api_key": Charge.INVALID_API_KEY,
}
# By `Payment.under_review`; any other reads as `UNCLEAR`.
REVIEWS: Final[Mapping[str, Key]] = {
    "refund_currency_differs": Review.REFUND_CURRENCY_DIFFERS,
    "nothing_received": Review.NOTHING_RECEIVED,
    "paid_twice": Review.PAID_TWICE,
}
