"""/balance: what is in the wallets of a person's organizations, the current one first."""

from bot.organizations.membership import balance_lines, in_order, menu
from bot.organizations.organization import organization_screen
from bot.telegram.context import BotContext
from bot.telegram.screens import Screen


async def balance(context: BotContext) -> None:
    """/balance, and the button Balance."""
    me, words = await context.introduce(), context.words
    if me.organizations:
        lines = (line for place in in_order(me) for line in balance_lines(place, words))
        await context.reply(Screen("\n".join(lines), menu(me, words)))
    else:
        await context.reply(organization_screen(me, words))
