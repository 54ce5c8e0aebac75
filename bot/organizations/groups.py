"""Groups: that the bot joins or leaves one, and what it answers there.

What an owner ties and allows is in `group_ties`; everything else stays private. A message in the
name of the group or of a channel has no person.
"""

import re
from typing import Final

from telegram import ChatMember, ChatMemberRestricted, InlineKeyboardButton, Update
from telegram.helpers import create_deep_linked_url

from backend.schemas import GroupNews
from bot.backend_api.errors import BackendRefusal
from bot.locales import keys
from bot.locales.key import Key
from bot.locales.translator import short
from bot.organizations.group_ties import group_screen, tie_screen
from bot.organizations.membership import wallet_line
from bot.telegram.context import BotContext
from bot.telegram.routing import GROUPS
from bot.telegram.screens import Screen

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
    translator = context.translator.in_group(context.bot.username)
    await context.reply(Screen(translator.html(keys.Group.HOW)))


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
