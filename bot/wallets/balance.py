"""/balance: the wallets of a person's organizations, the default organization first, in pages."""

from backend.schemas import Me
from bot.locales.translator import Translator
from bot.organizations.membership import default_first, marked_balance_lines, menu_rows
from bot.organizations.organization import organization_screen
from bot.telegram.context import BotContext
from bot.telegram.pages import arrow_row, pages_of
from bot.telegram.screens import Screen


async def balance(context: BotContext) -> None:
    """Answer /balance, the button Balance, and the arrows below a list of organizations."""
    me, translator = await context.introduce(), context.translator
    if not me.organizations:
        await context.reply(organization_screen(me, translator))
        return
    page = context.part("page")
    screen = balance_screen(me, int(page or 0), translator)
    if page:
        await context.reply_or_edit(screen)
    else:
        await context.reply(screen)


def balance_screen(me: Me, page: int, translator: Translator) -> Screen:
    """Return a page of the wallets of a person's organizations; for one after the last, the last.

    Its buttons are the menu and, where there are more pages, arrows.
    """
    pages = pages_of([marked_balance_lines(each, me, translator) for each in default_first(me)])
    last_page = len(pages) - 1
    page = min(page, last_page)
    rows = menu_rows(me, translator)
    if arrows := arrow_row("balance", page, last_page):
        rows = (arrows, *rows)
    return Screen("\n".join(pages[page]), rows)
