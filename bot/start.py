"""/start, /help, /paysupport, /cancel, and answers to messages that are no command."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

from backend.schemas import Me, Membership
from bot.answers import ANSWERS
from bot.backend_api.errors import BackendError
from bot.command_menus import can_use, description_for, show_own_menu, tops_up
from bot.locales import keys
from bot.locales.translator import Translator
from bot.organizations import link
from bot.organizations.invite import accept_invitation
from bot.organizations.membership import (
    can_top_up,
    default_membership,
    top_up_role,
)
from bot.organizations.organization import organization_screen
from bot.payments import topup
from bot.telegram.context import SOON_SECONDS, BotContext
from bot.telegram.questions import restore_question
from bot.telegram.screens import Screen
from bot.wallets.balance import balance_screen

INTRODUCTION_SECONDS: Final = 5.0  # then /help and /paysupport answer without the backend
# By the first word of a link's payload: the handler of its code.
PAYLOADS: Final[dict[str, Callable[[BotContext, str], Awaitable[None]]]] = {
    "invite": accept_invitation,
    "topup": topup.link_followed,
    "link": link.link_followed,
}


async def start(context: BotContext) -> None:
    """Answer /start: do what its link names, else show the person's balances and the next step.

    A link `t.me/<bot>?start=invite_<code>` arrives as the text `/start invite_<code>`:
    https://core.telegram.org/bots/features#deep-linking.
    """
    payload = context.arguments.split()[0] if context.arguments else ""
    kind, _, code = payload.partition("_")
    if kind in PAYLOADS:
        await PAYLOADS[kind](context, code)
        return
    me, translator = await context.introduce(), context.translator
    membership = default_membership(me)
    if membership is None:
        await context.reply(organization_screen(me, translator))
        return
    balances = balance_screen(me, 0, translator)
    lines = [
        translator.html(keys.Start.HELLO, name=me.name),
        translator.html(keys.Start.ORGANIZATIONS, count=len(me.organizations)),
        balances.text,
        next_step_line(me, membership, translator),
    ]
    await context.reply(Screen("\n".join(lines), balances.rows))
    await show_own_menu(me, context)


def last_line_of_help(me: Me | None, translator: Translator) -> str:
    """Return how money is added, as far as the person can; for a stranger, how to begin."""
    membership = default_membership(me) if me else None
    if me is None or tops_up(me):
        return translator.html(keys.Help.END)
    if membership is None:
        return translator.html(keys.Start.STRANGER)
    return next_step_line(me, membership, translator)


def next_step_line(me: Me, membership: Membership, translator: Translator) -> str:
    """Return a line on how to add money, or who can."""
    if not me.topups_in_chat:
        return translator.html(keys.Start.TOPUPS_OFF)
    if can_top_up(membership):
        return translator.html(keys.Start.NEXT)
    return translator.html(keys.Start.NEXT_MEMBER, role=top_up_role(translator))


async def show_help(context: BotContext) -> None:
    """Answer /help with the list of commands."""
    me = await introduced_soon(context)
    translator = context.translator
    commands = [
        translator.html(
            keys.Help.COMMAND,
            name=name,
            what=translator.text(description_for(me, name, description)),
        )
        for name, description in context.bot_data.commands
        if me is None or can_use(name, me)
    ]
    lines = [
        translator.html(keys.Help.TITLE),
        *commands,
        "",
        last_line_of_help(me, translator),
    ]
    await context.reply(Screen("\n".join(lines)))
    if me:
        await show_own_menu(me, context)


async def paysupport(context: BotContext) -> None:
    """Answer /paysupport, which Telegram requires of bots that take payments.

    An owner is not sent to the owner; it works without the backend.
    """
    me = await introduced_soon(context)
    membership = default_membership(me) if me else None
    translator, contact = context.translator, context.bot_data.support_contact
    is_owner = membership is not None and membership.role == "owner"
    key = keys.Help.PAYSUPPORT_OWNER if is_owner else keys.Help.PAYSUPPORT
    if membership is not None and not can_top_up(membership):
        key = keys.Help.PAYSUPPORT_MEMBER
    lines = [translator.html(key)]
    if contact:
        lines.append(translator.html(keys.Help.CONTACT, contact=contact))
    elif is_owner:
        lines.append(translator.html(keys.Help.NO_CONTACT))
    await context.reply(Screen("\n".join(lines)))


async def introduced_soon(context: BotContext, seconds: float = INTRODUCTION_SECONDS) -> Me | None:
    """Return who the person is; None where the backend does not say so in time."""
    with suppress(BackendError, TimeoutError):
        async with asyncio.timeout(seconds):
            return await context.introduce()
    return None


async def cancel(context: BotContext) -> None:
    """Answer /cancel: forget the open question. It works without the backend."""
    with suppress(BackendError, TimeoutError):
        async with asyncio.timeout(SOON_SECONDS):
            await restore_question(context)
    forgotten = context.memory.question
    context.close_question()
    await context.ensure_language()
    await context.reply_text(keys.Cancel.DONE if forgotten else keys.Cancel.NOTHING)


async def forget_tapped(context: BotContext) -> None:
    """Confirm that the question above the button Cancel is forgotten, which any tap does."""
    await context.reply_or_edit(Screen(context.translator.html(keys.Cancel.DONE)))


async def text_written(context: BotContext) -> None:
    """Give a text to the open question, or explain the commands where none is open."""
    await restore_question(context)
    question = context.memory.question
    if question and question.name in ANSWERS:
        await ANSWERS[question.name](question.facts, context)
    else:
        await explain_commands(context)


async def explain_commands(context: BotContext) -> None:
    """Reply which commands there are, to any other message in private."""
    me = await introduced_soon(context, SOON_SECONDS)
    key = keys.Help.UNKNOWN if me and tops_up(me) else keys.Help.UNKNOWN_MEMBER
    await context.reply_text(key)
