"""Groups: an owner ties one to an organization and says what may be seen there.

All else stays private. Authority is the role in the organization and the backend decides on it;
what somebody is in the group means nothing, and who writes as the group or a channel is nobody.
"""

import re
from typing import Final
from uuid import UUID

from telegram import ChatMember, ChatMemberRestricted, InlineKeyboardButton, Update
from telegram.helpers import create_deep_linked_url

from backend.schemas import Group, GroupNews, GroupPermissions, Membership
from bot.backend_api.errors import BackendRefusal
from bot.locales.texts import Words, short
from bot.organizations.membership import wallet_line
from bot.telegram.context import BotContext, BotRefusal
from bot.telegram.routing import GROUPS
from bot.telegram.screens import Row, Screen, button

INSIDE: Final = (ChatMember.OWNER, ChatMember.ADMINISTRATOR, ChatMember.MEMBER)
# What an owner decides, and what its button says.
PERMISSIONS: Final = {"shows_balance": "group.balance", "announces_credits": "group.credits"}


async def presence_changed(update: Update, context: BotContext) -> None:
    """The bot was added to a group or removed from it, or may do more or less there."""
    change = update.my_chat_member
    if change is None or change.chat.type not in GROUPS:
        return
    was_inside, inside = is_inside(change.old_chat_member), is_inside(change.new_chat_member)
    news = GroupNews(happened="left" if not inside else "here" if was_inside else "joined")
    group = await context.backend.report_group_event(context.chat_id, news)
    if news.happened == "joined" and not group.tied:
        await context.reply(tie_screen(context.words))


def is_inside(member: ChatMember) -> bool:
    """Whether this is a member; who is restricted can be one or not."""
    return member.status in INSIDE or (
        isinstance(member, ChatMemberRestricted) and member.is_member
    )


async def migrated(update: Update, context: BotContext) -> None:
    """The group became a supergroup; both say so, each naming the other."""
    if message := update.message:
        old = message.migrate_from_chat_id or context.chat_id
        new = message.migrate_to_chat_id or context.chat_id
        news = GroupNews(happened="migrated", new_chat_id=new)
        await context.backend.report_group_event(old, news)


async def show(context: BotContext) -> None:
    """/group and /start: tie it, or change what it may see."""
    await context.backend.report_group_event(context.chat_id, GroupNews(happened="here"))
    group = await context.backend.get_group(context.speaker.id, context.chat_id)
    await context.reply(group_screen(group, context.words))


async def balance(context: BotContext) -> None:
    """/balance: the wallets, where an owner lets the group see them."""
    try:
        shown = await context.backend.get_group_balance(context.speaker.id, context.chat_id)
    except BackendRefusal as refusal:
        if refusal.code != "not_found":
            raise
        await in_private(context)
        return
    words = context.words
    lines = [words.say("group.organization", organization=short(shown.organization_name))]
    lines += [wallet_line(wallet.balance, words) for wallet in shown.wallets]
    await context.reply(Screen("\n".join(lines)))


async def in_private(context: BotContext) -> None:
    """Every other command: money is talked about in private, and nothing of it shows here."""
    await context.reply(private_screen("start.group", context))


async def anonymous(context: BotContext) -> None:
    """A command of an anonymous administrator or a channel: there is nobody to answer."""
    await context.reply(private_screen("group.anonymous", context))


async def how(context: BotContext) -> None:
    """/group in private: how a group comes to an organization."""
    await context.say("group.how")


async def tie_tapped(context: BotContext) -> None:
    """Tie to an organization: to the one that this person owns, or chose of those."""
    owned = await owned_places(context)
    screen = choice_screen(owned, context.words)
    if len(owned) == 1:
        group = await context.backend.tie_group(
            context.speaker.id, context.chat_id, owned[0].organization_id
        )
        screen = group_screen(group, context.words)
    await context.rewrite(context.message_id, screen)


async def decision_tapped(context: BotContext) -> None:
    """The group may see more, less, or nothing. Announcements go to the topic of this message."""
    owned = await owned_places(context)
    wanted = GroupPermissions(
        organization_id=owned[0].organization_id,
        message_thread_id=context.thread_id,
        **{context.part("field"): context.part("wanted") == "yes"},
    )
    group = await context.backend.change_group_permissions(
        context.speaker.id, context.chat_id, wanted
    )
    await context.rewrite(context.message_id, group_screen(group, context.words))


async def owned_places(context: BotContext) -> list[Membership]:
    """What this person owns; where the tapped button names an organization, only that.

    Raises BotRefusal where that is nothing.
    """
    owned = [place for place in (await context.introduce()).organizations if place.role == "owner"]
    if named := context.part("organization"):
        owned = [place for place in owned if place.organization_id == UUID(named)]
    if not owned:
        raise BotRefusal("notice.owners_only")
    return owned


def group_screen(group: Group, words: Words) -> Screen:
    """What a group may see, to its owner with a button for each decision."""
    if not group.tied:
        return tie_screen(words)
    if group.organization_id is None:
        return Screen(words.say("group.tied"))
    rows: list[Row] = []
    for field, label in PERMISSIONS.items():
        is_allowed = bool(getattr(group, field))
        key, wanted = ("button.chosen", "no") if is_allowed else ("button.not_chosen", "yes")
        data = f"{field}:{wanted}:{group.organization_id.hex}"
        rows.append((button(words.plain(key, choice=words.plain(label)), data),))
    rows.append((button(words.plain("button.untie"), f"tied:no:{group.organization_id.hex}"),))
    text = words.say("group.settings", organization=short(group.organization_name or ""))
    return Screen(text, tuple(rows))


def tie_screen(words: Words) -> Screen:
    """For a group that belongs to no organization."""
    return Screen(words.say("group.tie"), ((button(words.plain("button.tie"), "tie"),),))


def choice_screen(owned: list[Membership], words: Words) -> Screen:
    """One button per organization."""
    rows = []
    for place in owned:
        label = words.plain("button.organization", organization=short(place.organization_name))
        rows.append((button(label, f"tie:{place.organization_id.hex}"),))
    return Screen(words.say("group.choose"), tuple(rows))


def private_screen(key: str, context: BotContext) -> Screen:
    """A sentence, and the way to the private chat; from /topup it leads to a top-up."""
    command, *amount = context.text.split(maxsplit=1)
    payload = None
    if command.startswith("/topup"):  # links carry no point, no comma and no space
        typed = re.fullmatch("([0-9]{1,9}) ?([A-Za-z]{0,3})", "".join(amount).strip())
        payload = "topup_{}{}".format(*typed.groups()) if typed else "topup"
    link = create_deep_linked_url(context.bot.username, payload)
    label = context.words.plain("button.private")
    return Screen(context.words.say(key), ((InlineKeyboardButton(label, url=link),),))
