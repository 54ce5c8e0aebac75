"""What we, or somebody behind us, could not do; the tree is drawn in backend/errors.py."""

from backend.errors import Failure


class EventNotApplied(Failure):
    """Kept in the inbox as failed; the 500 makes Stripe send it again."""

    message = "The event is recorded but could not be applied yet."


class StripeRefused(Failure, status=502):
    """Stripe answered with an error that the same request will meet again."""

    message = "Stripe did not accept this."


class StripeUnavailable(Failure, status=503):
    """No answer, or one that says nothing about what happened."""

    message = "Stripe did not answer. Nothing is lost: try again."


class StripeObjectUnreadable(StripeUnavailable, status=503, code="stripe_unavailable"):
    """What Stripe posted or answered is not as it documents it; `details` name the fields.

    Of an answer the caller knows as little as if there had been none.
    """


class ChargeUnclear(Failure, status=503):
    """Stripe did not say whether it charged the card; the payment stays until it does."""

    message = (
        "Stripe did not answer, so nobody knows yet whether the card was charged. Repeat with the"
        " same Idempotency-Key, or look at the payment in a minute; no key charges twice."
    )


class DatabaseUnavailable(Failure, status=503):
    """No connection, or a passing trouble of the server."""

    message = "The database is not available. Nothing is lost: try again."


class DatabaseOutdated(Failure, status=503):
    """A release that has not been migrated yet."""

    message = "The database lacks {pending} migrations: run `python -m backend migrate`."


class SupabaseUnavailable(Failure, status=503):
    """The keys that verify its users' tokens cannot be had."""

    message = "Supabase Auth does not answer, so nobody can say who you are. Try again."
