"""Keys of refusals: by the backend's code, or of the bot itself."""

from collections.abc import Mapping
from typing import Final

from bot.locales.key import Key


class Refusal:
    """Refusals, a sentence each."""

    AMOUNT_UNREADABLE: Final = Key("refusal.amount_unreadable")
    NUMBER_UNREADABLE: Final = Key("refusal.number_unreadable")
    AMOUNT_AMBIGUOUS: Final = Key(
        "refusal.amount_ambiguous", "more", "less", "more_typed", "less_typed"
    )
    AMOUNT_TOO_SMALL: Final = Key("refusal.amount_too_small", "minimum")
    AMOUNT_TOO_SMALL_CONVERTED: Final = Key("refusal.amount_too_small_converted", "at_least")
    AMOUNT_TOO_LARGE: Final = Key("refusal.amount_too_large", "maximum")
    AMOUNT_TOO_PRECISE: Final = Key("refusal.amount_too_precise", "currency", "step")
    CURRENCY_UNKNOWN: Final = Key("refusal.currency_unknown", "currencies")
    PAYMENT_METHOD_UNKNOWN: Final = Key("refusal.not_found_payment method")
    PACKAGE_UNKNOWN: Final = Key("refusal.not_found_package")
    GROUP_UNKNOWN: Final = Key("refusal.not_found_group")
    NOT_FOUND: Final = Key("refusal.not_found")
    ROLE_TOO_LOW: Final = Key("refusal.role_too_low", "role")
    OWNER_REQUIRED: Final = Key("refusal.owner_required")
    TOPUPS_OFF: Final = Key("refusal.topups_off")
    SIGNUP_CLOSED: Final = Key("refusal.signup_closed")
    PERSON_BLOCKED: Final = Key("refusal.person_blocked")
    TOO_MANY_ORGANIZATIONS: Final = Key("refusal.too_many_organizations")
    LAST_OWNER: Final = Key("refusal.last_owner")
    INVITATION_INVALID: Final = Key("refusal.invitation_invalid")
    LINK_INVALID: Final = Key("refusal.link_invalid")
    ALREADY_LINKED: Final = Key("refusal.already_linked")
    NOT_LINKED: Final = Key("refusal.not_linked")
    BILLING_EMAIL_REFUSED: Final = Key("refusal.billing_email_refused")
    BOTH_HAVE_HISTORY: Final = Key("refusal.both_have_history")
    IDEMPOTENCY_KEY_REUSED: Final = Key("refusal.idempotency_key_reused")
    NOTHING_TO_REFUND: Final = Key("refusal.nothing_to_refund")
    REFUND_TOO_LARGE: Final = Key("refusal.refund_too_large", "most")
    SUBSCRIPTION_CURRENCY: Final = Key("refusal.subscription_currency", "currency")
    SUBSCRIPTION_OVER: Final = Key("refusal.subscription_over")
    PAYMENT_CLOSED: Final = Key("refusal.payment_closed", "status")
    STRIPE_UNAVAILABLE: Final = Key("refusal.stripe_unavailable")
    UNCLEAR: Final = Key("refusal.unclear")
    STRIPE_REFUSED: Final = Key("refusal.stripe_refused")
    STRIPE_FAILED: Final = Key("refusal.stripe_failed")
    STRIPE_NOT_SET_UP: Final = Key("refusal.stripe_not_set_up")
    TOO_MANY_REQUESTS: Final = Key("refusal.too_many_requests", "count")
    WAIT_MINUTES: Final = Key("refusal.wait_minutes", "count")
    TIME_ZONE_UNKNOWN: Final = Key("refusal.time_zone_unknown")
    UNREACHABLE: Final = Key("refusal.unreachable")
    TELEGRAM_SLOW: Final = Key("refusal.telegram_slow")
    CHARGE_UNCLEAR: Final = Key("refusal.charge_unclear")
    REFERENCE_USED: Final = Key("refusal.reference_used")
    CRASHED: Final = Key("refusal.crashed")
    OTHER: Final = Key("refusal.other")
    CARD_DECLINED: Final = Key("refusal.card_declined")


# By the `code` of the backend's error shape; `/openapi.json` lists them at each route.
REFUSALS: Final[Mapping[str, Key]] = {
    "already_linked": Refusal.ALREADY_LINKED,
    "not_linked": Refusal.NOT_LINKED,
    "amount_ambiguous": Refusal.AMOUNT_AMBIGUOUS,
    "amount_too_large": Refusal.AMOUNT_TOO_LARGE,
    "amount_too_precise": Refusal.AMOUNT_TOO_PRECISE,
    "amount_too_small": Refusal.AMOUNT_TOO_SMALL,
    "amount_too_small_converted": Refusal.AMOUNT_TOO_SMALL_CONVERTED,
    "amount_unreadable": Refusal.AMOUNT_UNREADABLE,
    "billing_email_refused": Refusal.BILLING_EMAIL_REFUSED,
    "both_have_history": Refusal.BOTH_HAVE_HISTORY,
    "card_declined": Refusal.CARD_DECLINED,
    "charge_unclear": Refusal.CHARGE_UNCLEAR,
    "currency_unknown": Refusal.CURRENCY_UNKNOWN,
    "idempotency_key_reused": Refusal.IDEMPOTENCY_KEY_REUSED,
    "invitation_invalid": Refusal.INVITATION_INVALID,
    "last_owner": Refusal.LAST_OWNER,
    "link_invalid": Refusal.LINK_INVALID,
    "not_found": Refusal.NOT_FOUND,
    "nothing_to_refund": Refusal.NOTHING_TO_REFUND,
    "payment_closed": Refusal.PAYMENT_CLOSED,
    "reference_used": Refusal.REFERENCE_USED,
    "refund_too_large": Refusal.REFUND_TOO_LARGE,
    "role_too_low": Refusal.ROLE_TOO_LOW,
    "person_blocked": Refusal.PERSON_BLOCKED,
    "signup_closed": Refusal.SIGNUP_CLOSED,
    "stripe_refused": Refusal.STRIPE_REFUSED,
    "stripe_unavailable": Refusal.STRIPE_UNAVAILABLE,
    "subscription_currency": Refusal.SUBSCRIPTION_CURRENCY,
    "subscription_over": Refusal.SUBSCRIPTION_OVER,
    "time_zone_unknown": Refusal.TIME_ZONE_UNKNOWN,
    "too_many_organizations": Refusal.TOO_MANY_ORGANIZATIONS,
    "too_many_requests": Refusal.TOO_MANY_REQUESTS,
}
# Of a `not_found`, by its fact `what`; where none is here, the general sentence is shown.
NOT_FOUND: Final[Mapping[str, Key]] = {
    "group": Refusal.GROUP_UNKNOWN,
    "package": Refusal.PACKAGE_UNKNOWN,
    "payment method": Refusal.PAYMENT_METHOD_UNKNOWN,
}
