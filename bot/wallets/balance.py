"""/balance: the wallets of a person's organizations, the default organization first."""

from bot.organizations.membership import balance_lines, default_first, menu_rows
from bot.organizations.organization import organization_screen
from bot.telegram.context import BotContext
from bot.telegram.screens import Screen


async def balance(context: BotContext) -> None:
    """Answer /balance and the button Balance."""
    me, translator = await context.introduce(), context.translator
    if not me.organizations:
        await context.reply(organization_screen(me, translator))
        return
    lines = [
        line for membership in default_first(me) for line in balance_lines(membership, translator)
    ]
    await context.reply(Screen("\n".join(lines), menu_rows(me, translator)))
