"""What can go wrong, as a tree. Each error has an HTTP status, a code and its facts.

Each refusal is in the file of its noun. Not the caller's doing: failures.py; an operator's:
operator_errors.py; of HTTP: http/errors.py.

PursebotError
|-- Refusal                    the caller can do something about it: 4xx, one info line
|   |-- BadRequest             400 invalid_request
|   |-- BadCursor              400 bad_cursor
|   |-- InvalidSignature       400 invalid_signature
|   |-- WrongStripeMode        400 wrong_stripe_mode
|   |-- WrongStripeAccount     400 wrong_stripe_account {account}
|   |-- Unauthorized           401 unauthorized
|   |-- CardDeclined           402 card_declined {decline_code}
|   |-- RoleTooLow             403 role_too_low {role}
|   |-- SignupClosed           403 signup_closed
|   |-- AnonymousNotAllowed    403 anonymous_not_allowed
|   |-- PersonBlocked          403 person_blocked
|   |-- SecondFactorNeeded     403 second_factor_needed
|   |-- TopupsOff              403 topups_off
|   |-- NotFound               404 not_found {what}
|   |-- InvitationInvalid      404 invitation_invalid
|   |-- LinkInvalid            404 link_invalid
|   |-- AlreadyLinked          409 already_linked
|   |-- BothHaveHistory        409 both_have_history
|   |-- NotLinked              409 not_linked
|   |-- IdempotencyKeyReused   409 idempotency_key_reused
|   |-- PaymentClosed          409 payment_closed {status}
|   |-- NothingToRefund        409 nothing_to_refund {payment_status}
|   |-- ReferenceUsed          409 reference_used {payment}
|   |-- SubscriptionOver       409 subscription_over {status}
|   |-- SubscriptionCurrency   409 subscription_currency {currency}
|   |-- AdjustmentExists       409 adjustment_exists {reference}
|   |-- CannotBeAccepted       409 cannot_be_accepted {reason}
|   |-- OrganizationNeeded     409 organization_needed {customer, metadata}
|   |-- LastOwner              409 last_owner
|   |-- TooManyOrganizations   409 too_many_organizations {most}
|   |-- BodyTooLarge           413 request_entity_too_large {most}
|   |-- NotJson                415 unsupported_media_type
|   |-- TooManyRequests        429 too_many_requests {retry_after}
|   |-- AmountUnreadable       422 amount_unreadable
|   |-- AmountAmbiguous        422 amount_ambiguous {readings, currency}
|   |-- AmountTooSmall         422 amount_too_small {minimum, currency}
|   |-- AmountTooLarge         422 amount_too_large {maximum, currency}
|   |-- AmountTooPrecise       422 amount_too_precise {step, currency}
|   |-- CurrencyUnknown        422 currency_unknown {currencies}
|   |-- RefundTooLarge         422 refund_too_large {most, currency}
|   |-- TimeZoneUnknown        422 time_zone_unknown
|   `-- BillingEmailRefused    422 billing_email_refused
`-- Failure                    we or somebody behind us could not: 5xx, but for a no of Stripe's
    |-- EventNotApplied        500 event_not_applied: Stripe will send it again
    |-- StripeRefused          422 stripe_refused {stripe_code, resolved_by, permission}: a no
    |   |-- StripeConflict     409 stripe_refused: a no because of what is there
    |   |-- StripeFailed       502 stripe_refused: a 500, repeated under its key; not known
    |   `-- AmountTooSmallConverted 422 amount_too_small_converted {at_least}
    |-- StripeUnavailable      503 stripe_unavailable: nobody knows, the same key may be retried
    |-- ChargeUnclear          503 charge_unclear: as above, and it may have been charged
    |-- DatabaseUnavailable    503 database_unavailable
    |   `-- RowsLocked         503 database_unavailable {retry_after}
    |-- DatabaseOutdated       503 database_outdated {pending}
    `-- SupabaseUnavailable    503 supabase_unavailable: nobody can say whose token this is
"""

from backend.errors.amounts import (
    AmountAmbiguous,
    AmountRefused,
    AmountTooLarge,
    AmountTooPrecise,
    AmountTooSmall,
    AmountUnreadable,
    CurrencyUnknown,
)
from backend.errors.kinds import (
    Failure,
    PursebotError,
    Refusal,
    tree,
)
from backend.errors.organizations import (
    AlreadyLinked,
    BillingEmailRefused,
    BothHaveHistory,
    InvitationInvalid,
    LastOwner,
    LinkInvalid,
    RoleTooLow,
    SignupClosed,
    TimeZoneUnknown,
    TooManyOrganizations,
)
from backend.errors.payments import (
    CardDeclined,
    IdempotencyKeyReused,
    InvalidSignature,
    NothingToRefund,
    PaymentClosed,
    ReferenceUsed,
    RefundTooLarge,
    SubscriptionCurrency,
    SubscriptionOver,
    TopupsOff,
    WrongStripeMode,
)
from backend.errors.people import (
    AnonymousNotAllowed,
    NotLinked,
    PersonBlocked,
    SecondFactorNeeded,
)
from backend.errors.requests import (
    BadCursor,
    BadRequest,
    BodyTooLarge,
    NotFound,
    NotJson,
    TooManyRequests,
    Unauthorized,
)

__all__ = [
    "AlreadyLinked",
    "AmountAmbiguous",
    "AmountRefused",
    "AmountTooLarge",
    "AmountTooPrecise",
    "AmountTooSmall",
    "AmountUnreadable",
    "AnonymousNotAllowed",
    "BadCursor",
    "BadRequest",
    "BillingEmailRefused",
    "BodyTooLarge",
    "BothHaveHistory",
    "CardDeclined",
    "CurrencyUnknown",
    "Failure",
    "IdempotencyKeyReused",
    "InvalidSignature",
    "InvitationInvalid",
    "LastOwner",
    "LinkInvalid",
    "NotFound",
    "NotJson",
    "NotLinked",
    "NothingToRefund",
    "PaymentClosed",
    "PersonBlocked",
    "PursebotError",
    "ReferenceUsed",
    "RefundTooLarge",
    "Refusal",
    "RoleTooLow",
    "SecondFactorNeeded",
    "SignupClosed",
    "SubscriptionCurrency",
    "SubscriptionOver",
    "TimeZoneUnknown",
    "TooManyOrganizations",
    "TooManyRequests",
    "TopupsOff",
    "Unauthorized",
    "WrongStripeMode",
    "tree",
]
