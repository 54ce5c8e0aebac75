"""Refusals about organizations, their people and how those are invited, linked and set."""

from backend.errors.kinds import Refusal


class RoleTooLow(Refusal, status=403):
    """A member of the organization, but not in a role that may do this."""

    message = "This takes the role {role}."


class SignupClosed(Refusal, status=403):
    """ORGANIZATION_SIGNUP says that organizations are set up by whoever runs this."""

    message = "New organizations are set up by whoever runs this service: ask them."


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


class LastOwner(Refusal, status=409):
    """An organization without an owner could never have one again."""

    message = "An organization keeps an owner. Make somebody else one first."


class TooManyOrganizations(Refusal, status=409):
    """Founded by one person, whoever owns them now."""

    message = "One person founds at most {most} organizations."


class TimeZoneUnknown(Refusal, status=422):
    """Not a name of the time zone database."""

    message = 'Name the time zone as the IANA does, for example "Europe/Berlin".'


class BillingEmailRefused(Refusal, status=422):
    """Stripe takes the address for none: its `email_invalid`."""

    message = "Stripe does not accept this e-mail address. Nothing was changed: check its spelling."
