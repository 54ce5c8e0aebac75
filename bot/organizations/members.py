"""/members: the members of an organization, and changes of their roles.

The list, one member and the question before a removal are one message that changes in place.
"""

from typing import Final, NamedTuple

from telegram import InlineKeyboardButton

from backend.schemas import Member, Membership, Notification, Role
from bot.locales import keys
from bot.locales.key import Key
from bot.locales.translator import Translator, short
from bot.organizations.member_names import member_names
from bot.organizations.membership import GRANTABLE_ROLES, membership_in
from bot.organizations.organization import in_organization
from bot.telegram.context import BotContext
from bot.telegram.pages import arrow_row
from bot.telegram.refusals import BotRefusal
from bot.telegram.screens import Row, Screen, back_button, button, packed

PAGE_SIZE: Final = 8  # people in a message
REMOVED: Final = "removed"
# What a button makes of a member, and how the question before it reads, where there is one.
CHANGES: Final[dict[str, Key]] = {
    "owner": keys.RoleChange.OWNER,
    "admin": keys.RoleChange.ADMIN,
    "member": keys.RoleChange.MEMBER,
    REMOVED: keys.RoleChange.REMOVED,
}
CONFIRMATIONS: Final[dict[str, Key]] = {
    "owner": keys.RoleConfirmation.OWNER,
    REMOVED: keys.RoleConfirmation.REMOVED,
}
ROLES: Final[dict[str, Role]] = {"owner": "owner", "admin": "admin", "member": "member"}
NOTIFICATIONS: Final[dict[str, Key]] = {
    "member_joined": keys.MembershipNotification.MEMBER_JOINED,
    "role_changed": keys.MembershipNotification.ROLE_CHANGED,
    "member_removed": keys.MembershipNotification.MEMBER_REMOVED,
}


class TappedMember(NamedTuple):
    """The member that a button names: the tapping person's membership, the member, their page.

    `name` is the member's, told from those that look the same.
    """

    membership: Membership
    member: Member
    name: str
    page: int


@in_organization
async def members(membership: Membership, context: BotContext) -> None:
    """Answer /members, the button Members, and the arrows below the list."""
    await show_members(membership, int(context.part("page") or 0), context)


async def member_tapped(context: BotContext) -> None:
    """Show a member, and a button for each change that the tapping person can make."""
    membership, member, name, page = await tapped_member(context)
    translator = context.translator
    rows = [
        (change_button(change, membership, member, translator),)
        for change in changes_of(membership, member)
    ]
    back = back_button(f"members:{membership.organization_id.hex}:{page}", translator)
    text = member_line(keys.Member.TEXT, membership, member, name, translator)
    await context.reply_or_edit(Screen(text, (*rows, (back,))))


async def confirm_tapped(context: BotContext) -> None:
    """Ask before a member is removed or made an owner."""
    membership, member, name, _ = await tapped_member(context)
    translator, change = context.translator, context.part("change")
    question = member_line(CONFIRMATIONS[change], membership, member, name, translator)
    yes = button(
        translator.text(CHANGES[change]), f"change:{member_ids(membership, member)}:{change}"
    )
    back = back_button(f"member:{member_ids(membership, member)}", translator)
    await context.reply_or_edit(Screen(question, ((yes, back),)))


async def change_tapped(context: BotContext) -> None:
    """Change a member's role, or remove them; then show the list."""
    membership, member, _, page = await tapped_member(context)
    user, organization_id = context.speaker.id, membership.organization_id
    change = context.part("change")
    if change == REMOVED:
        await context.backend.remove_member(user, organization_id, member.user_id)
    else:
        role = ROLES[change]
        await context.backend.change_role(user, organization_id, member.user_id, role)
    await show_members(membership, page, context)


async def tapped_member(context: BotContext) -> TappedMember:
    """Return the member that a button names. Raises BotRefusal where they have left."""
    membership = membership_in(await context.introduce(), context.id("organization"))
    listed = await context.backend.list_members(context.speaker.id, membership.organization_id)
    names = member_names(listed.members, context.translator)
    for number, member in enumerate(listed.members):
        if member.user_id == context.id("person"):
            return TappedMember(membership, member, names[member.user_id], number // PAGE_SIZE)
    raise BotRefusal(keys.Refusal.NOT_FOUND)


async def show_members(membership: Membership, page: int, context: BotContext) -> None:
    """Show a page of members, a button for each whom this role can change, and arrows.

    For a page after the last, the last is shown.
    """
    listed = await context.backend.list_members(context.speaker.id, membership.organization_id)
    translator, count = context.translator, len(listed.members)
    last_page = max(0, count - 1) // PAGE_SIZE
    page = min(page, last_page)
    shown = listed.members[page * PAGE_SIZE :][:PAGE_SIZE]
    name = short(membership.organization_name)
    lines = [translator.html(keys.Members.TITLE, organization=name, count=count)]
    names = member_names(listed.members, translator)
    rows: list[Row] = []
    for member in shown:
        key = keys.Members.ME if member.is_me else keys.Members.OTHER
        member_name = names[member.user_id]
        lines.append(member_line(key, membership, member, member_name, translator))
        if changes_of(membership, member):
            data = f"member:{member_ids(membership, member)}"
            rows.append((button(member_name, data),))
    if arrows := arrow_row(f"members:{membership.organization_id.hex}", page, last_page):
        rows.append(arrows)
    await context.reply_or_edit(Screen("\n".join(lines), tuple(rows)))


def changes_of(membership: Membership, member: Member) -> tuple[str, ...]:
    """Return the possible changes of a member: other roles, or "removed"; none of oneself."""
    roles = GRANTABLE_ROLES[membership.role]
    if member.is_me or member.role not in roles:
        return ()
    return (*(role for role in roles if role != member.role), REMOVED)


def change_button(
    change: str, membership: Membership, member: Member, translator: Translator
) -> InlineKeyboardButton:
    """Return the button of a change; it asks first where the change cannot be undone."""
    action = "ask" if change in CONFIRMATIONS else "change"
    data = f"{action}:{member_ids(membership, member)}:{change}"
    return button(translator.text(CHANGES[change]), data)


def member_ids(membership: Membership, member: Member) -> str:
    """Return a member's ids as a button carries them, the organization's first."""
    return f"{packed(membership.organization_id)}:{packed(member.user_id)}"


def member_line(
    key: Key, membership: Membership, member: Member, name: str, translator: Translator
) -> str:
    """Return a sentence about a member, who has this `name` in it."""
    return translator.html(
        key,
        name=name,
        role=translator.text(keys.ROLE_NAMES[member.role]),
        organization=short(membership.organization_name),
    )


def membership_notification_screen(notification: Notification, translator: Translator) -> Screen:
    """Return the notification that somebody joined, or that one's own role changed or ended.

    Its facts are those of the kinds in `NOTIFICATIONS`: see `backend.schemas.Notification`.
    """
    facts = {name: short(str(value)) for name, value in notification.facts.items()}
    role = facts.get("role", "member")
    facts["role"] = translator.text(keys.ROLE_NAMES[role])
    return Screen(translator.html(NOTIFICATIONS[notification.kind], **facts))
