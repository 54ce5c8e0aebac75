"""/balance: what is in the wallets of a person's organizations."""

from bot.context import BotContext
from bot.membership import balance_lines, menu
from bot.screens import Screen
from bot.start import stranger


async def balance(context: BotContext) -> None:
    """/balance, and the button Balance."""
    me = await context.introduce()
    if me.organizations:
        text = "\n".join(balance_lines(me, context.words))
        await context.reply(Screen(text, menu(me, context.words)))
    else:
        await stranger(context)
