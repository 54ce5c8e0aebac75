"""Organizations, members, invitations, groups."""

from collections.abc import Mapping
from typing import Final

from bot.locales.key import Key


class RoleName:
    """A role as a word."""

    OWNER: Final = Key("role.owner")
    ADMIN: Final = Key("role.admin")
    MEMBER: Final = Key("role.member")


class Balance:
    """What is in an organization's wallets."""

    ORGANIZATION: Final = Key("balance.organization", "organization", "role")
    WALLET: Final = Key("balance.wallet", "balance")
    DEBT: Final = Key("balance.debt", "debt")


class Organization:
    """/org."""

    USAGE: Final = Key("organization.usage")
    NEW: Final = Key("organization.new")
    RENAME: Final = Key("organization.rename", "organization")
    BAD_NAME: Final = Key("organization.bad_name")
    LEAVE: Final = Key("organization.leave", "organization")


class Members:
    """/members."""

    TITLE: Final = Key("members.title", "organization", "count")
    ME: Final = Key("members.me", "name", "role")
    OTHER: Final = Key("members.other", "name", "role")


class Member:
    """One member."""

    TEXT: Final = Key("member.text", "name", "role", "organization")


class RoleChange:
    """What a button makes of a member."""

    OWNER: Final = Key("change.owner")
    ADMIN: Final = Key("change.admin")
    MEMBER: Final = Key("change.member")
    REMOVED: Final = Key("change.removed")


class RoleConfirmation:
    """The question before a change that is hard to take back."""

    OWNER: Final = Key("sure.owner", "name", "organization")
    REMOVED: Final = Key("sure.removed", "name", "organization")


class Invitation:
    """/invite."""

    OFFER: Final = Key("invite.offer", "organization")
    LINK: Final = Key("invite.link", "organization", "role", "url", "count", "day", "time")
    REVOKED: Final = Key("invite.revoked")
    USAGE: Final = Key("invite.usage")
    JOINED: Final = Key("invite.joined", "organization", "role")
    STILL: Final = Key("invite.still", "organization")


class InvitationHours:
    """How long an invitation works."""

    HOURS_24: Final = Key("hours.24")
    HOURS_48: Final = Key("hours.48")
    HOURS_168: Final = Key("hours.168")
    HOURS_720: Final = Key("hours.720")


class AccountLink:
    """Connecting a Telegram account with a web account."""

    QUESTION: Final = Key("link.question")
    DONE: Final = Key("link.done")


class Group:
    """Groups."""

    TIE: Final = Key("group.tie")
    CHOOSE: Final = Key("group.choose")
    SETTINGS: Final = Key("group.settings", "organization")
    TIED: Final = Key("group.tied")
    BALANCE: Final = Key("group.balance")
    CREDITS: Final = Key("group.credits")
    ORGANIZATION: Final = Key("group.organization", "organization")
    ANONYMOUS: Final = Key("group.anonymous")
    HOW: Final = Key("group.how")


class MembershipNotification:
    """What happened to a membership."""

    MEMBER_JOINED: Final = Key("news.member_joined", "name", "organization_name", "role")
    ROLE_CHANGED: Final = Key("news.role_changed", "by", "organization_name", "role")
    MEMBER_REMOVED: Final = Key("news.member_removed", "by", "organization_name")


ROLE_NAMES: Final[Mapping[str, Key]] = {
    "owner": RoleName.OWNER,
    "admin": RoleName.ADMIN,
    "member": RoleName.MEMBER,
}
# By hours, as `/invite` offers them.
INVITATION_HOURS: Final[Mapping[int, Key]] = {
    24: InvitationHours.HOURS_24,
    48: InvitationHours.HOURS_48,
    168: InvitationHours.HOURS_168,
    720: InvitationHours.HOURS_720,
}
