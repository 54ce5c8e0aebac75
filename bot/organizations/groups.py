"""Groups: an owner ties one to an organization and decides what it shows.

Everything else stays private. The backend decides by the role in the organization; the role in the
group means nothing, and a message in the name of the group or of a channel has no person.
"""

import re
from typing import Final
from uuid import UUID

from telegram import ChatMember, ChatMemberRestricted, InlineKeyboardButton, Update
from telegram.helpers import create_deep_linked_url

from backend.schemas import Group, GroupNews, GroupPermissions, Membership
from bot.backend_api.errors import BackendRefusal
from bot.locales import keys
from bot.locales.key import Key
from bot.locales.translator import Translator, short
from bot.organizations.membership import wallet_line
from bot.telegram.context import BotContext
from bot.telegram.refusals import BotRefusal
from bot.telegram.routing import GROUPS
from bot.telegram.screens import Row, Screen, button

INSIDE: Final = (ChatMember.OWNER, ChatMember.ADMINISTRATOR, ChatMember.MEMBER)
# Links carry no point, no comma and no space.
LINKABLE_AMOUNT: Final = re.compile("([0-9]{1,9}) ?([A-Za-z]{0,3})")


async def presence_changed(update: Update, context: BotContext) -> None:
    """Report that the bot was added to a group or removed, or that its rights there changed.

    A group that it joins is offered to be tied.
    https://core.telegram.org/bots/api#chatmemberupdated
    """
    change = update.my_chat_member
    if change is None or change.chat.type not in GROUPS:
        return
    event = presence_event(change.old_chat_member, change.new_chat_member)
    group = await context.backend.report_group_event(context.chat_id, event)
    if event.happened == "joined" and not group.tied:
        await context.reply(tie_screen(context.translator))


def presence_event(before: ChatMember, after: ChatMember) -> GroupNews:
    """Return a change of the bot's own membership as the backend's event."""
    if not is_inside(after):
        return GroupNews(happened="left")
    return GroupNews(happened="here" if is_inside(before) else "joined")


def is_inside(member: ChatMember) -> bool:
    """Return whether this is a member; a restricted one may be or not."""
    return member.status in INSIDE or (
        isinstance(member, ChatMemberRestricted) and member.is_member
    )


async def group_migrated(update: Update, context: BotContext) -> None:
    """Report that the group became a supergroup; both chats send a message that names the other.

    https://core.telegram.org/bots/api#message
    """
    if message := update.message:
        old = message.migrate_from_chat_id or context.chat_id
        new = message.migrate_to_chat_id or context.chat_id
        event = GroupNews(happened="migrated", new_chat_id=new)
        await context.backend.report_group_event(old, event)


async def show_group(context: BotContext) -> None:
    """Answer /group and /start in a group: offer to tie it, or to change what it shows."""
    await context.backend.report_group_event(context.chat_id, GroupNews(happened="here"))
    group = await context.backend.get_group(context.speaker.id, context.chat_id)
    await context.reply(group_screen(group, context.translator))


async def show_balance(context: BotContext) -> None:
    """Answer /balance in a group with the wallets, where an owner allowed that."""
    try:
        shown = await context.backend.get_group_balance(context.speaker.id, context.chat_id)
    except BackendRefusal as refusal:
        if refusal.code != "not_found":
            raise
        await redirect_to_private(context)
        return
    translator = context.translator
    name = short(shown.organization_name)
    lines = [translator.html(keys.Group.ORGANIZATION, organization=name)]
    lines += [wallet_line(wallet.balance, translator) for wallet in shown.wallets]
    await context.reply(Screen("\n".join(lines)))


async def redirect_to_private(context: BotContext) -> None:
    """Answer any other command in a group with a link to the private chat."""
    await context.reply(private_screen(keys.Start.GROUP, context))


async def answer_anonymous(context: BotContext) -> None:
    """Answer a command that was sent in the name of the group or of a channel."""
    await context.reply(private_screen(keys.Group.ANONYMOUS, context))


async def explain_groups(context: BotContext) -> None:
    """Answer /group in private: how a group is tied to an organization."""
    await context.reply_text(keys.Group.HOW)


async def tie_tapped(context: BotContext) -> None:
    """Tie the group to the person's organization; offer a choice where they own several."""
    owned = await owned_memberships(context)
    if len(owned) > 1:
        await context.edit(context.message_id, choice_screen(owned, context.translator))
        return
    group = await context.backend.tie_group(
        context.speaker.id, context.chat_id, owned[0].organization_id
    )
    await context.edit(context.message_id, group_screen(group, context.translator))


async def decision_tapped(context: BotContext) -> None:
    """Change what the group shows, or untie it. Announcements go to the topic of this message."""
    owned = await owned_memberships(context)
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


async def owned_memberships(context: BotContext) -> list[Membership]:
    """Return where this person is owner; of the organization that a button names, only that.

    Raises BotRefusal where there is none.
    """
    me = await context.introduce()
    owned = [membership for membership in me.organizations if membership.role == "owner"]
    if organization_hex := context.part("organization"):
        organization_id = UUID(organization_hex)
        owned = [
            membership for membership in owned if membership.organization_id == organization_id
        ]
    if not owned:
        raise BotRefusal(keys.Notice.OWNERS_ONLY)
    return owned


def group_screen(group: Group, translator: Translator) -> Screen:
    """Return what a group shows and, for its owner, a button for each decision."""
    if not group.tied:
        return tie_screen(translator)
    if group.organization_id is None:
        return Screen(translator.html(keys.Group.TIED))
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
    rows.append((button(translator.text(keys.Button.UNTIE), f"tied:no:{id}"),))
    name = short(group.organization_name or "")
    return Screen(translator.html(keys.Group.SETTINGS, organization=name), tuple(rows))


def tie_screen(translator: Translator) -> Screen:
    """Return the message of a group that is not tied, with the button to tie it."""
    tie = button(translator.text(keys.Button.TIE), "tie")
    return Screen(translator.html(keys.Group.TIE), ((tie,),))


def choice_screen(owned: list[Membership], translator: Translator) -> Screen:
    """Return a button for each organization."""
    rows = []
    for membership in owned:
        name = short(membership.organization_name)
        label = translator.text(keys.Button.ORGANIZATION, organization=name)
        rows.append((button(label, f"tie:{membership.organization_id.hex}"),))
    return Screen(translator.html(keys.Group.CHOOSE), tuple(rows))


def private_screen(key: Key, context: BotContext) -> Screen:
    """Return a sentence and a link to the private chat; after /topup it starts a top-up there."""
    command, *arguments = context.text.split(maxsplit=1)
    payload = None
    if command.startswith("/topup"):
        amount = LINKABLE_AMOUNT.fullmatch("".join(arguments).strip())
        payload = f"topup_{amount[1]}{amount[2]}" if amount else "topup"
    url = create_deep_linked_url(context.bot.username, payload)
    label = context.translator.text(keys.Button.PRIVATE)
    return Screen(context.translator.html(key), ((InlineKeyboardButton(label, url=url),),))
