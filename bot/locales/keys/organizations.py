"""Keys of sentences about organizations, members, invitations and groups."""

from collections.abc import Mapping
from typing import Final

from bot.locales.key import Key


class RoleName:
    """Names of roles."""

    OWNER: Final = Key("role.owner")
    ADMIN: Final = Key("role.admin")
    MEMBER: Final = Key("role.member")


class Balance:
    """Lines of balances."""

    DEFAULT: Final = Key("balance.default")
    ORGANIZATION: Final = Key("balance.organization", "organization", "role")
    WALLET: Final = Key("balance.wallet", "balance")
    DEBT: Final = Key("balance.debt", "debt")


class Organization:
    """Sentences of /org."""

    USAGE: Final = Key("organization.usage")
    NEW: Final = Key("organization.new")
    RENAME: Final = Key("organization.rename", "organization")
    BAD_NAME: Final = Key("organization.bad_name")
    LEAVE: Final = Key("organization.leave", "organization")


class Accounting:
    """Sentences about the time zone of an organization's books."""

    TEXT: Final = Key("accounting.text", "organization", "zone")
    NEXT: Final = Key("accounting.next", "month", "zone")
    QUESTION: Final = Key("accounting.question")


class Billing:
    """Sentences about the billing e-mail address of an organization."""

    CHOSEN: Final = Key("billing.chosen", "organization", "email")
    NONE: Final = Key("billing.none", "organization")
    QUESTION: Final = Key("billing.question", "organization")
    BAD_EMAIL: Final = Key("billing.bad_email")


class Members:
    """Lines of /members."""

    TITLE: Final = Key("members.title", "organization", "count")
    ME: Final = Key("members.me", "name", "role")
    OTHER: Final = Key("members.other", "name", "role")
    JOINED: Final = Key("members.joined", "name", "day")
    JOINED_AT: Final = Key("members.joined_at", "name", "day", "time")
    NUMBERED: Final = Key("members.numbered", "name", "day", "time", "number")


class Member:
    """The text about one member."""

    TEXT: Final = Key("member.text", "name", "role", "organization")


class RoleChange:
    """Labels of the buttons that change a member's role."""

    OWNER: Final = Key("change.owner")
    ADMIN: Final = Key("change.admin")
    MEMBER: Final = Key("change.member")
    REMOVED: Final = Key("change.removed")


class RoleConfirmation:
    """Questions before changes that are hard to undo."""

    OWNER: Final = Key("sure.owner", "name", "organization")
    REMOVED: Final = Key("sure.removed", "name", "organization")


class Invitation:
    """Sentences of /invite."""

    OFFER: Final = Key("invite.offer", "organization")
    LINK: Final = Key("invite.link", "organization", "role", "url", "count", "day", "time")
    REVOKED: Final = Key("invite.revoked")
    USAGE: Final = Key("invite.usage")
    JOINED: Final = Key("invite.joined", "organization", "role")
    STILL: Final = Key("invite.still", "organization")
    OPEN: Final = Key("invite.open", "organization")
    NONE_OPEN: Final = Key("invite.none_open", "organization")
    LINE: Final = Key("invite.line", "number", "role", "count", "day", "time", "name")
    MORE: Final = Key("invite.more", "count")


class InvitationHours:
    """Labels for how long an invitation works."""

    HOURS_24: Final = Key("hours.24")
    HOURS_48: Final = Key("hours.48")
    HOURS_168: Final = Key("hours.168")
    HOURS_720: Final = Key("hours.720")


class AccountLink:
    """Sentences while a Telegram user is connected with a Supabase user."""

    QUESTION: Final = Key("link.question")
    DONE: Final = Key("link.done")
    UNDO_QUESTION: Final = Key("link.undo_question")
    UNDONE: Final = Key("link.undone")


class Group:
    """Sentences in groups and about them."""

    TIE: Final = Key("group.tie")
    CHOOSE: Final = Key("group.choose")
    SETTINGS: Final = Key("group.settings", "organization")
    TIED: Final = Key("group.tied", "organization", "owner")
    NOW_TIED: Final = Key("group.now_tied", "organization", "owner")
    UNTIE: Final = Key("group.untie", "organization")
    BALANCE: Final = Key("group.balance")
    CREDITS: Final = Key("group.credits")
    ORGANIZATION: Final = Key("group.organization", "organization")
    ANONYMOUS: Final = Key("group.anonymous")
    HOW: Final = Key("group.how")


class Topic:
    """Notifications that the topic of a group's announcements is closed or deleted."""

    GENERAL: Final = Key("topic.general", "organization")
    NOWHERE: Final = Key("topic.nowhere", "organization")


class MembershipNotification:
    """Notifications of changed memberships."""

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
