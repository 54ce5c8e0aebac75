"""Failures: what we, or a service that we depend on, could not do; see the tree in errors/."""

from typing import Self

from backend.errors import Failure


class EventNotApplied(Failure):
    """An event that was recorded as failed; the 500 makes Stripe send it again."""

    message = "The event is recorded but could not be applied yet."

    @classmethod
    def logged(cls) -> Self:
        """Make one whose event has its line in the log: `stripe_event_processed`."""
        failure = cls()
        failure.is_logged = True
        return failure


class StripeRefused(Failure, status=422):
    """A no of Stripe's to what it was sent: the same request will meet it again.

    Of the facts, `stripe_code` is Stripe's own code. `resolved_by` is "operator" where nobody else
    can do anything about it, and `permission` then the one that Stripe's key lacks.
    """

    message = "Stripe does not accept this, and will not when it is sent again."


class StripeConflict(StripeRefused, status=409, code="stripe_refused"):
    """A no of Stripe's because of what is there: the key, the account's settings, an object.

    The request may be right. It meets the same no until that is changed.
    """

    message = (
        "Stripe does not do this as things stand: what it is about has changed there, or is gone."
    )


class StripeFailed(StripeRefused, status=502, code="stripe_refused"):
    """A 500 of Stripe's, which it repeats under the same key for a day; the next try has another.

    https://docs.stripe.com/api/idempotent_requests
    """

    message = "Stripe itself failed at this. Try again in a few minutes."


class AmountTooSmallConverted(StripeRefused, status=422):
    """An amount above its currency's minimum, below that of the currency Stripe converts it into.

    https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts. `at_least` is Stripe's
    wording of that minimum, such as "50 cents".
    """

    message = (
        "Stripe converts this amount into the currency of the operator's account, where a charge"
        " has to come to at least {at_least}. Choose a larger amount."
    )


class StripeUnavailable(Failure, status=503):
    """No answer of Stripe's, or one that does not say whether the request was carried out."""

    message = "Stripe did not answer. Nothing is lost: try again."


class StripeObjectUnreadable(StripeUnavailable, status=503, code="stripe_unavailable"):
    """An object of Stripe's that is not as documented; `details` name the object and its fields.

    For the caller it is as if there had been no answer.
    """


class IdempotencyConflict(StripeUnavailable, status=503, code="stripe_unavailable"):
    """Another request had this key at Stripe before: what became of that one is what counts."""

    message = (
        "Stripe was asked for this before, in other words, and what came of that is not known here."
        " Nothing new was begun. Look whether it was paid before you begin it under another key."
    )


class ChargeUnclear(Failure, status=503):
    """A charge that Stripe may have made; the payment stays open until Stripe says it."""

    message = (
        "Stripe did not answer, so nobody knows yet whether the card was charged. Repeat with the"
        " same Idempotency-Key, or look at the payment in a minute; no key charges twice."
    )


class DatabaseUnavailable(Failure, status=503):
    """No connection to the database, or a transient error of its server."""

    message = "The database is not available. Nothing is lost: try again."


class RowsLocked(DatabaseUnavailable, status=503, code="database_unavailable"):
    """Rows that something else keeps locked; nothing was done. `retry_after` is in seconds."""

    message = "Something else is at work on this. Nothing was changed: try again in a moment."

    def __init__(self, retry_after: int = 5) -> None:
        """`retry_after` becomes the header Retry-After."""
        super().__init__(retry_after=str(retry_after))


class DatabaseOutdated(Failure, status=503):
    """A database that lacks migrations of this release."""

    message = "The database lacks {pending} migrations: run `python -m backend migrate`."


class SupabaseUnavailable(Failure, status=503):
    """Keys to verify Supabase users' tokens that could not be fetched."""

    message = "Supabase Auth does not answer, so nobody can say who you are. Try again."
