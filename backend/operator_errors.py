"""Refusals at the start and of the operator's commands; see the tree in errors/."""

from backend.errors import Refusal


class WrongStripeAccount(Refusal):
    """A key of another Stripe account than the one that the database belongs to."""

    message = (
        "This database belongs to the Stripe account {account}, and STRIPE_SECRET_KEY is of another"
        " one. Use a key of that account, or another database. A database for tests can also forget"
        " its account: `python -m backend forget-stripe-account`."
    )


class AdjustmentExists(Refusal, status=409):
    """An adjustment with the same reference and other terms than before."""

    message = "There is an adjustment {reference} already, of another amount or organization."


class CannotBeAccepted(Refusal, status=409):
    """A dead letter for which Stripe has nothing that could be posted."""

    message = (
        "This cannot be accepted: {reason}. Dismiss it, or post what is right with"
        " `python -m backend adjust`."
    )


class OrganizationNeeded(Refusal, status=409):
    """A Stripe object that names no organization of this database."""

    message = (
        "No organization here has the Stripe customer {customer}. Name the one whose money it is"
        " with --organization (its metadata says {metadata}); if it is younger than the backup that"
        " was restored, make it first: `python -m backend invite-owner --organization NAME`."
    )


class CannotListen(Refusal):
    """The address or the port of `serve` cannot be had."""

    message = "Nothing can listen on {host}:{port} ({reason}). {fix}."
