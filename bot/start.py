"""The first words and the small ones: /start, /help, /paysupport, /cancel, the unknown."""

from collections.abc import Awaitable, Callable
from typing import Final

from bot.organizations import link
from bot.organizations.invite import joined
from bot.organizations.membership import (
    balance_lines,
    current,
    in_order,
    may_top_up,
    menu,
    needed_role,
)
from bot.organizations.organization import organization_screen
from bot.payments import topup
from bot.telegram.context import BotContext
from bot.telegram.screens import Screen

# Links to the bot carry a word: t.me/<bot>?start=invite_<code> arrives as "/start invite_<code>".
PAYLOADS: Final[dict[str, Callable[[BotContext, str], Awaitable[None]]]] = {
    "invite": joined,
    "topup": topup.link_followed,
    "link": link.link_followed,
}


async def start(context: BotContext) -> None:
    """/start: what a link asks for; else who you are here, your balances, and what to do next."""
    kind, _, code = "".join(context.text.split()[1:2]).partition("_")
    if kind in PAYLOADS:
        await PAYLOADS[kind](context, code)
        return
    me = await context.introduce()
    words, place = context.words, current(me)
    if place is None:
        await context.reply(organization_screen(me, words))
        return
    lines = (
        words.say("start.hello", name=me.name),
        words.say("start.organizations", count=len(me.organizations)),
        *(line for each in in_order(me) for line in balance_lines(each, words)),
        words.say("start.topups_off")
        if not me.topups_in_chat
        else words.say("start.next")
        if may_top_up(place)
        else words.say("start.next_member", role=needed_role(words)),
    )
    await context.reply(Screen("\n".join(lines), menu(me, words)))


async def show_help(context: BotContext) -> None:
    """/help: the commands."""
    await context.learn_language()
    words = context.words
    commands = (
        words.say("help.command", name=name, what=words.plain(f"command.{name}"))
        for name in context.bot_data.commands
    )
    lines = (words.say("help.title"), *commands, "", words.say("help.end"))
    await context.reply(Screen("\n".join(lines)))


async def paysupport(context: BotContext) -> None:
    """/paysupport: Telegram asks every bot that takes payments to have it."""
    await context.learn_language()
    lines = [context.words.say("help.paysupport")]
    if contact := context.bot_data.support_contact:
        lines.append(context.words.say("help.contact", contact=contact))
    await context.reply(Screen("\n".join(lines)))


async def cancel(context: BotContext) -> None:
    """/cancel: forget a question. Waits for nobody, so that it always works."""
    forgotten, context.memory.question = context.memory.question, None
    await context.learn_language()
    await context.say("cancel.done" if forgotten else "cancel.nothing")


async def forget_tapped(context: BotContext) -> None:
    """Cancel, under a question: it is forgotten, as with every tap."""
    await context.show(Screen(context.words.say("cancel.done")))


async def text_written(context: BotContext) -> None:
    """Words without a command: the answer to what was asked, if something was."""
    await (context.memory.question or unknown)(context)


async def unknown(context: BotContext) -> None:
    """Anything else in private: what can be said here."""
    await context.learn_language()
    await context.say("help.unknown")
