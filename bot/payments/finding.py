"""/find: payments by reference, amount, person, last four digits, or an id of Stripe's.

The default organization is searched first, then the person's others until one has matches. What
may be seen, the backend decides. A button to another page carries the text, and the payment that
its page begins after: they are all that is needed, also after a restart.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

from backend.schemas import MatchingPayments, Membership, PaymentSearch, plain_name
from bot.locales import keys
from bot.locales.translator import Translator, short
from bot.organizations.membership import can_top_up, default_first, membership_in
from bot.organizations.organization import in_organization
from bot.payments.lists import payment_rows
from bot.payments.opening import opened_screen
from bot.telegram.context import BotContext
from bot.telegram.screens import Screen, button, forget_row, packed, unpacked
from bot.wallets.history import lines_by_day

PAGE_SIZE: Final = 8  # lines in a message
# What fits a button beside `find:`, a direction, a packed id and a colon.
MAX_TEXT_BYTES: Final = 35
# Ids are longer, and name one payment, so that no button carries them.
ID: Final = re.compile(r"[a-z]{2,6}_[A-Za-z0-9_]{4,250}|[0-9a-fA-F-]{32,36}")


@in_organization
async def find(membership: Membership, context: BotContext) -> None:
    """Answer /find [text]: show what matches, or ask what to look for."""
    if context.arguments:
        await show_matches(context.arguments, context)
        return
    translator = context.translator
    context.open_question("search")
    name = short(membership.organization_name)
    question = translator.html(keys.Find.QUESTION, organization=name)
    await context.reply(Screen(question, (forget_row(translator),)))


async def text_written(_facts: Mapping[str, str], context: BotContext) -> None:
    """Take what to look for."""
    context.close_question()
    await show_matches(context.text, context)


async def page_tapped(context: BotContext) -> None:
    """Show another page of matches; its payment says which organization was searched."""
    me = await context.introduce()
    direction, payment_id = context.part("direction"), unpacked(context.part("payment"))
    payment = await context.backend.get_payment(context.speaker.id, payment_id)
    membership = membership_in(me, payment.organization_id)
    text = context.part("text")
    page = await matches(membership, text, f"{direction}{payment_id.hex}", context)
    await context.reply_or_edit(matches_screen(membership, text, page, context))


async def show_matches(text: str, context: BotContext) -> None:
    """Show what matches in the first organization that has it; a single match is opened."""
    me = await context.introduce()
    text, memberships = searched_text(text), default_first(me)
    for membership in memberships if text else ():
        page = await matches(membership, text, None, context)
        if page.count == 1:
            await context.reply(await opened_screen(me, page.payments[0].id, context))
            return
        if page.count:
            await context.reply(matches_screen(membership, text, page, context))
            return
    await context.reply(Screen(no_match_text(text, memberships, context.translator)))


def no_match_text(text: str, memberships: Sequence[Membership], translator: Translator) -> str:
    """Return that nothing matches; to a member, that nothing does of what they started.

    A member finds less than /history lists: that there is no such payment would be untrue.
    """
    if not any(can_top_up(membership) for membership in memberships):
        return translator.html(keys.Find.NONE_OWN, text=text)
    lines = [translator.html(keys.Find.NONE, text=text)]
    if not all(can_top_up(membership) for membership in memberships):
        lines.append(translator.html(keys.Find.OWN_ONLY))
    return "\n".join(lines)


async def matches(
    membership: Membership, text: str, cursor: str | None, context: BotContext
) -> MatchingPayments:
    """Return a page of an organization's payments that the text can mean."""
    search = PaymentSearch(
        organization_id=membership.organization_id, text=text, cursor=cursor, limit=PAGE_SIZE
    )
    return await context.backend.find_payments(context.speaker.id, search)


def matches_screen(
    membership: Membership, text: str, page: MatchingPayments, context: BotContext
) -> Screen:
    """Return a page of matches, a button for each, and the pages beside it."""
    translator = context.translator
    title = translator.html(
        keys.Find.TITLE,
        organization=short(membership.organization_name),
        text=text,
        count=page.count,
    )
    directions = (
        (keys.Button.NEWER, page.previous_cursor),
        (keys.Button.OLDER, page.next_cursor),
    )
    arrows = tuple(
        button(translator.text(key), f"find:{packed_cursor(cursor)}:{text}")
        for key, cursor in directions
        if cursor
    )
    rows = (*payment_rows(page.payments, translator), *((arrows,) if arrows else ()))
    return Screen("\n".join([title, *lines_by_day(page.payments, translator)]), rows)


def packed_cursor(cursor: str) -> str:
    """Return a cursor of the backend's with its payment's id packed."""
    return cursor[0] + packed(UUID(cursor[1:]))


def searched_text(text: str) -> str:
    """Return the text that is looked for: in one line, cut to what a button carries."""
    text = str(plain_name(text))[:255]
    if ID.fullmatch(text):
        return text
    return text.encode()[:MAX_TEXT_BYTES].decode(errors="ignore").strip()
