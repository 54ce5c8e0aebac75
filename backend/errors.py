"""What can go wrong, as a tree. Each error has an HTTP status, a code and its facts.

Not the caller's doing: failures.py; an operator's: operator_errors.py; of HTTP: http/errors.py.

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
|   |-- TopupsOff              403 topups_off
|   |-- NotFound               404 not_found {what}
|   |-- InvitationInvalid      404 invitation_invalid
|   |-- LinkInvalid            404 link_invalid
|   |-- AlreadyLinked          409 already_linked
|   |-- BothHaveHistory        409 both_have_history
|   |-- IdempotencyKeyReused   409 idempotency_key_reused
|   |-- PaymentClosed          409 payment_closed {status}
|   |-- NothingToRefund        409 nothing_to_refund {payment_status}
|   |-- ReferenceUsed          409 reference_used {payment}
|   |-- SubscriptionOver       409 subscription_over {status}
|   |-- SubscriptionCurrency   409 subscription_currency {currency}
|   |-- AdjustmentExists       409 adjustment_exists {reference}
|   |-- CannotBeAccepted       409 cannot_be_accepted {reason}
|   |-- OrganizationNeeded     409 organization_needed {customer}
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
|   `-- TimeZoneUnknown        422 time_zone_unknown
`-- Failure                    we or somebody behind us could not: 5xx, the caller may try again
    |-- EventNotApplied        500 event_not_applied: Stripe will send it again
    |-- StripeRefused          502 stripe_refused: a definite no, remembered by its key
    |-- StripeUnavailable      503 stripe_unavailable: nobody knows, the same key may be retried
    |-- ChargeUnclear          503 charge_unclear: as above, and it may have been charged
    |-- DatabaseUnavailable    503 database_unavailable
    |-- DatabaseOutdated       503 database_outdated {pending}
    `-- SupabaseUnavailable    503 supabase_unavailable: nobody can say whose token this is
"""

import re
from collections.abc import Iterator


class PursebotError(Exception):
    """Base of all; `message` is a sentence for the caller and holds no secret."""

    status = 500
    code = "internal_error"
    message = "Something went wrong on our side."

    def __init_subclass__(cls, status: int | None = None, code: str | None = None) -> None:
        """Where none is given: its base's status, its name as the code, `role_too_low`."""
        cls.status = status or cls.status
        cls.code = code or re.sub("(?<!^)(?=[A-Z])", "_", cls.__name__).lower()

    def __init__(self, message: str | None = None, **facts: str) -> None:
        """`facts` go to the caller beside the code; `details`, set later, only to the log."""
        self.facts = facts
        self.details: dict[str, str] = {}
        self.message = message or self.message.format(**facts)
        super().__init__(self.message)


class Refusal(PursebotError, status=400):
    """The caller asked for something that cannot be."""


class BadRequest(Refusal, code="invalid_request"):
    """The request is not of the form that the door takes."""

    message = "The request is malformed."


class BadCursor(Refusal):
    """Not a cursor that this list gave."""

    message = "The parameter cursor is not one of this list's. Take it from the last answer."


class InvalidSignature(Refusal):
    """Not signed by Stripe with a secret of ours. Why is nobody's business."""

    message = "Invalid signature."


class WrongStripeMode(Refusal):
    """A live database was shown test money, or the other way round."""

    message = (
        "This database belongs to Stripe's other mode (live or test)."
        " Use keys and webhooks of its own mode, or another database."
    )


class Unauthorized(Refusal, status=401):
    """No token, or not a good one."""

    message = "Send a valid bearer token in the Authorization header."


class CardDeclined(Refusal, status=402):
    """The bank did not accept the card: https://docs.stripe.com/declines/codes."""

    message = "The card was declined ({decline_code}). Ask the bank, or use another card."


class RoleTooLow(Refusal, status=403):
    """A member of the organization, but not in a role that may do this."""

    message = "This takes the role {role}."


class SignupClosed(Refusal, status=403):
    """ORGANIZATION_SIGNUP says that organizations are set up by whoever runs this."""

    message = "New organizations are set up by whoever runs this service: ask them."


class TopupsOff(Refusal, status=403):
    """Whoever runs this keeps top-ups out of the chat: see docs/telegram-policy.md."""

    message = "Money is not added in the chat here."


class NotFound(Refusal, status=404):
    """Not there, or not yours: the same answer."""

    message = "There is no such {what} for you."


class InvitationInvalid(Refusal, status=404):
    """Wrong, expired, used up, revoked, or by somebody who may no longer invite: one answer."""

    message = "This invitation does not work, or no longer. Ask for a new one."


class LinkInvalid(Refusal, status=404):
    """No such code for a Telegram user, or not any more."""

    message = "This code does not work, or not any more. Make another, and open it in Telegram."


class AlreadyLinked(Refusal, status=409):
    """One of the two belongs to somebody else."""

    message = "One of the two accounts is linked already."


class BothHaveHistory(Refusal, status=409):
    """Two people who each did something stay two."""

    message = "Both accounts have a history of their own, and histories are never merged."


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


class SubscriptionOver(Refusal, status=409):
    """Not begun, or at its end: nothing to change."""

    message = "The recurring top-up is {status} and cannot be changed. Start a new one."


class SubscriptionCurrency(Refusal, status=409):
    """Stripe bills one customer in one currency at a time."""

    message = "The organization has a recurring top-up in {currency}: end that first, or use it."


class LastOwner(Refusal, status=409):
    """An organization without an owner could never have one again."""

    message = "An organization keeps an owner. Make somebody else one first."


class TooManyOrganizations(Refusal, status=409):
    """Founded by one person, whoever owns them now."""

    message = "One person founds at most {most} organizations."


class BodyTooLarge(Refusal, status=413, code="request_entity_too_large"):
    """More than any request of this kind has."""

    message = "The request has more than {most} bytes."


class NotJson(Refusal, status=415, code="unsupported_media_type"):
    """A body of another kind."""

    message = "Send JSON, and Content-Type: application/json with it."


class TooManyRequests(Refusal, status=429):
    """More than anybody needs."""

    message = "That was very fast. Wait {retry_after} seconds and try again."


class AmountRefused(Refusal, status=422):
    """The amount cannot be taken."""


class AmountUnreadable(AmountRefused):
    """Not a plain decimal number."""

    message = 'Write the amount as a plain number, for example "50" or "12.50".'


class AmountAmbiguous(AmountRefused):
    """One text, two amounts: three digits after one separator. `readings`, the smaller first."""

    message = (
        "This could mean either of two amounts in {currency}: {readings}. Write thousands without"
        " a separator, and no more decimals than the currency has."
    )


class AmountTooSmall(AmountRefused):
    """Below Stripe's smallest charge."""

    message = "The smallest amount is {minimum} {currency}."


class AmountTooLarge(AmountRefused):
    """Above Stripe's largest charge."""

    message = "The largest amount is {maximum} {currency}."


class AmountTooPrecise(AmountRefused):
    """Between two amounts that Stripe charges in this currency."""

    message = "An amount in {currency} goes in steps of {step}."


class CurrencyUnknown(AmountRefused):
    """Not a currency that we take."""

    message = "This currency is not taken here. Taken are {currencies}."


class RefundTooLarge(Refusal, status=422):
    """More than is left of the payment, or than the wallet has."""

    message = "At most {most} {currency} of this payment can go back."


class TimeZoneUnknown(Refusal, status=422):
    """Not a name of the time zone database."""

    message = 'Name the time zone as the IANA does, for example "Europe/Berlin".'


class Failure(PursebotError):
    """Not the caller's fault; trying again may help."""


def tree(root: type[PursebotError] = PursebotError) -> Iterator[type[PursebotError]]:
    """Every class below `root`."""
    for child in root.__subclasses__():
        yield child
        yield from tree(child)
