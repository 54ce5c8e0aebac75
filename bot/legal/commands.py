"""/privacy and /terms, in private and in groups: they answer anybody, and ask the backend nothing.

Telegram wants every bot to have a privacy policy (https://telegram.org/tos/bot-developers), and its
apps send /privacy from a bot's profile where its menu has the command
(https://core.telegram.org/constructor/botInfo).
"""

from bot.locales import keys
from bot.telegram.context import BotContext
from bot.telegram.screens import Screen


async def show_privacy(context: BotContext) -> None:
    """/privacy: what is kept, for how long, and how to have it deleted.

    Whoever reads it is not made known to the backend by that: the language is the one they chose,
    if they were here since the bot started, or else their client's. In private it ends with the
    number to name when one asks for deletion.
    """
    pages = context.bot_data.legal_texts.pages("privacy", context.translator)
    if context.chat_id == context.speaker.id:
        number = str(context.speaker.id)
        pages[-1] += "\n\n" + context.translator.html(keys.Legal.YOUR_NUMBER, number=number)
    await reply_pages(context, pages)


async def show_terms(context: BotContext) -> None:
    """/terms: what the wallet is and what may be done with it; the language as of /privacy."""
    await reply_pages(context, context.bot_data.legal_texts.pages("terms", context.translator))


async def reply_pages(context: BotContext, pages: list[str]) -> None:
    """Send each page as a message, in order. Raises TelegramError."""
    for page in pages:
        await context.reply(Screen(page))
