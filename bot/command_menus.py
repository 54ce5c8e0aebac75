"""Which commands a person can use: for /help, and for the menu of their private chat."""

from collections.abc import Callable, Mapping
from typing import Final

import structlog
from telegram import BotCommand, BotCommandScopeChat
from telegram.error import TelegramError

from backend.schemas import Me
from bot.locales import keys
from bot.locales.key import Key
from bot.organizations.membership import can_top_up
from bot.telegram.context import BotContext
from bot.telegram.reachability import reason_of

log = structlog.get_logger("bot")


def belongs(me: Me) -> bool:
    """Return whether the person belongs to an organization."""
    return bool(me.organizations)


def tops_up(me: Me) -> bool:
    """Return whether the person can add money in the chat."""
    return me.topups_in_chat and any(can_top_up(each) for each in me.organizations)


def manages(me: Me) -> bool:
    """Return whether the person is an owner or admin somewhere."""
    return any(each.role != "member" for each in me.organizations)


def owns(me: Me) -> bool:
    """Return whether the person is an owner somewhere."""
    return any(each.role == "owner" for each in me.organizations)


# Who can use a command; everybody can use those that are not here. The backend decides again.
REQUIREMENTS: Final[Mapping[str, Callable[[Me], bool]]] = {
    "topup": tops_up,
    "balance": belongs,
    "cards": belongs,
    "recurring": belongs,
    "find": belongs,
    "invoices": manages,
    "history": belongs,
    "export": belongs,
    "members": belongs,
    "invite": manages,
    "group": owns,
    "unlink": lambda me: me.is_linked,
}


# What a command is for those who may only look; it changes things for owners and admins.
DESCRIPTIONS_FOR_MEMBERS: Final[Mapping[str, Key]] = {
    "cards": keys.Command.CARDS_MEMBER,
    "recurring": keys.Command.SUBSCRIPTIONS_MEMBER,
    "find": keys.Command.FIND_MEMBER,
}


def description_for(me: Me | None, command: str, usual: Key) -> Key:
    """Return the description of a command for this person; `usual` where nothing is known."""
    if me is None or manages(me):
        return usual
    return DESCRIPTIONS_FOR_MEMBERS.get(command, usual)


def can_use(command: str, me: Me) -> bool:
    """Return whether a command does something for this person."""
    return command not in REQUIREMENTS or REQUIREMENTS[command](me)


async def show_own_menu(me: Me, context: BotContext) -> None:
    """Set the menu of the person's private chat, where it is another than before.

    https://core.telegram.org/bots/api#botcommandscopechat. Where Telegram does not take it, the
    chat keeps the menu that it has.
    """
    names = tuple(name for name, _ in context.bot_data.commands if can_use(name, me))
    shown = (context.translator.language, str(manages(me)), *names)
    if context.memory.shown_menu == shown:
        return
    menu = [
        BotCommand(name, context.translator.text(description_for(me, name, description)))
        for name, description in context.bot_data.commands
        if name in names
    ]
    try:
        await context.bot.set_my_commands(menu, BotCommandScopeChat(context.chat_id))
    except TelegramError as error:
        log.info("menu_not_set", reason=reason_of(error))
    else:
        context.memory.shown_menu = shown
