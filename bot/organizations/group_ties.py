"""Ties of groups: an owner who administers the group ties it, and decides what it shows.

The backend decides by the role in the organization. Who administers a group only Telegram says, and
only to the bot, so that is asked here.
"""

from typing import Final
from uuid import UUID

from telegram import ChatMember
from telegram.error import BadRequest

from backend.schemas import Group, GroupPermissions, Membership
from bot.backend_api.errors import BackendRefusal
from bot.locales import keys
from bot.locales.translator import Translator, short
from bot.telegram.context import BotContext
from bot.telegram.pages import MAX_BUTTONS, arrow_row
from bot.telegram.refusals import BotRefusal
from bot.telegram.retries import repeat_after_429
from bot.telegram.screens import Row, Screen, back_button, button

ADMINISTRATORS: Final = (ChatMember.OWNER, ChatMember.ADMINISTRATOR)


async def tie_tapped(context: BotContext) -> None:
    """Tie the group to the person's organization; offer a choice where they own several."""
    owned = await owned_memberships(context, context.part("organization"))
    await require_administrator(context)
    if len(owned) > 1:
        await context.edit(context.message_id, choice_screen(owned, 0, context.translator))
    else:
        await tie_group(owned[0], context)


async def tie_page_tapped(context: BotContext) -> None:
    """Show another page of the organizations that the person owns."""
    owned = await owned_memberships(context)
    await require_administrator(context)
    page = int(context.part("page"))
    await context.edit(context.message_id, choice_screen(owned, page, context.translator))


async def tie_group(membership: Membership, context: BotContext) -> None:
    """Tie the group, and tell everybody in it to which organization, and whose that is.

    A group that is tied to another organization stays so, and shows how to undo that.
    """
    user, translator = context.speaker.id, context.translator
    before = await context.backend.get_group(user, context.chat_id)
    try:
        group = await context.backend.tie_group(user, context.chat_id, membership.organization_id)
    except BackendRefusal as refusal:
        if (refusal.code, refusal.facts.get("what")) != ("not_found", "group"):
            raise
        other = await context.backend.get_group(user, context.chat_id)  # maybe since a moment ago
        await context.edit(context.message_id, group_screen(other, translator))
        return
    await context.edit(context.message_id, group_screen(group, translator))
    if before.organization_id != group.organization_id:
        await context.reply_text(
            keys.Group.NOW_TIED,
            organization=short(group.organization_name or ""),
            owner=short(context.speaker.full_name),
        )


async def settings_tapped(context: BotContext) -> None:
    """Show what the group is tied to and what it sees, in place of a question."""
    group = await context.backend.get_group(context.speaker.id, context.chat_id)
    await context.edit(context.message_id, group_screen(group, context.translator))


async def untie_tapped(context: BotContext) -> None:
    """Ask whether to untie the group."""
    [membership] = await owned_memberships(context, context.part("organization"))
    translator = context.translator
    name = short(membership.organization_name)
    question = translator.html(keys.Group.UNTIE, organization=name)
    data = f"tied:no:{membership.organization_id.hex}"
    yes = button(translator.text(keys.Button.UNTIE), data)
    await context.edit(
        context.message_id, Screen(question, ((yes, back_button("group", translator)),))
    )


async def decision_tapped(context: BotContext) -> None:
    """Change what the group shows, or untie it. Announcements go to the topic of this message."""
    owned = await owned_memberships(context, context.part("organization"))
    permissions = permissions_of_tap(owned[0].organization_id, context)
    group = await context.backend.change_group_permissions(
        context.speaker.id, context.chat_id, permissions
    )
    await context.edit(context.message_id, group_screen(group, context.translator))


def permissions_of_tap(organization_id: UUID, context: BotContext) -> GroupPermissions:
    """Return the one permission that the tapped button changes."""
    is_allowed, thread_id = context.part("wanted") == "yes", context.thread_id
    match context.part("field"):
        case "shows_balance":
            return GroupPermissions(
                organization_id=organization_id,
                message_thread_id=thread_id,
                shows_balance=is_allowed,
            )
        case "announces_credits":
            return GroupPermissions(
                organization_id=organization_id,
                message_thread_id=thread_id,
                announces_credits=is_allowed,
            )
        case _:
            return GroupPermissions(
                organization_id=organization_id, message_thread_id=thread_id, tied=is_allowed
            )


async def owned_memberships(context: BotContext, organization_hex: str = "") -> list[Membership]:
    """Return where this person is owner; of the organization that a button names, only that.

    Raises BotRefusal where there is none.
    """
    me = await context.introduce()
    owned = [membership for membership in me.organizations if membership.role == "owner"]
    if organization_hex:
        organization_id = UUID(organization_hex)
        owned = [
            membership for membership in owned if membership.organization_id == organization_id
        ]
    if not owned:
        raise BotRefusal(keys.Notice.OWNERS_ONLY)
    return owned


async def require_administrator(context: BotContext) -> None:
    """Raise BotRefusal unless the person administers this group.

    https://core.telegram.org/bots/api#getchatmember: who made the group is its "creator". A bot
    that is no administrator itself is told of those who remain anonymous that they are members.
    """
    try:
        member = await repeat_after_429(
            lambda: context.bot.get_chat_member(context.chat_id, context.speaker.id)
        )
    except BadRequest as error:
        raise BotRefusal(keys.Notice.ADMINISTRATORS_UNKNOWN) from error
    if member.status not in ADMINISTRATORS:
        raise BotRefusal(keys.Notice.ADMINISTRATORS_ONLY)


def group_screen(group: Group, translator: Translator) -> Screen:
    """Return what a group shows and, for its owner, a button for each decision."""
    if not group.tied:
        return tie_screen(translator)
    name = short(group.organization_name or "")
    if group.organization_id is None:
        owner = short(group.owner_name or translator.text(keys.Payment.SOMEBODY))
        return Screen(translator.html(keys.Group.TIED, organization=name, owner=owner))
    id = group.organization_id.hex
    decisions = (
        ("shows_balance", group.shows_balance, keys.Group.BALANCE),
        ("announces_credits", group.announces_credits, keys.Group.CREDITS),
    )
    rows: list[Row] = []
    for field, is_allowed, label in decisions:
        mark = keys.Button.CHOSEN if is_allowed else keys.Button.NOT_CHOSEN
        next_value = "no" if is_allowed else "yes"
        text = translator.text(mark, choice=translator.text(label))
        rows.append((button(text, f"{field}:{next_value}:{id}"),))
    rows.append((button(translator.text(keys.Button.UNTIE), f"untie:{id}"),))
    return Screen(translator.html(keys.Group.SETTINGS, organization=name), tuple(rows))


def tie_screen(translator: Translator) -> Screen:
    """Return the message of a group that is not tied, with the button to tie it."""
    tie = button(translator.text(keys.Button.TIE), "tie")
    return Screen(translator.html(keys.Group.TIE), ((tie,),))


def choice_screen(owned: list[Membership], page: int, translator: Translator) -> Screen:
    """Return a button for each organization of a page; for one after the last, of the last."""
    last_page = (len(owned) - 1) // MAX_BUTTONS
    page = min(page, last_page)
    rows: list[Row] = []
    for membership in owned[page * MAX_BUTTONS :][:MAX_BUTTONS]:
        name = short(membership.organization_name)
        label = translator.text(keys.Button.ORGANIZATION, organization=name)
        rows.append((button(label, f"tie:{membership.organization_id.hex}"),))
    if arrows := arrow_row("tie_page", page, last_page):
        rows.append(arrows)
    return Screen(translator.html(keys.Group.CHOOSE), tuple(rows))
