"""Refusals about who a person is and how they signed in."""

from backend.errors.kinds import Refusal


class AnonymousNotAllowed(Refusal, status=403):
    """An anonymous sign-in of Supabase's, and SUPABASE_ANONYMOUS_USERS is not `on`."""

    message = "Anonymous sign-ins are not taken here. Sign in with an account."


class PersonBlocked(Refusal, status=403):
    """A person whom the operator has blocked: `python -m backend people block`."""

    message = "The operator of this service has blocked you: ask them."


class SecondFactorNeeded(Refusal, status=403):
    """A token below aal2 for what moves money, with SUPABASE_SECOND_FACTOR_FOR_MONEY=on.

    https://supabase.com/docs/guides/auth/auth-mfa
    """

    message = "This takes a second factor: sign in with it, and send the new token (aal2)."


class NotLinked(Refusal, status=409):
    """There is no link between a Supabase user and a Telegram user to undo."""

    message = "Your account is not linked with another."
