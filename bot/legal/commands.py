"""/privacy and /terms, in private and in groups; they do not use the backend.

Telegram requires a privacy policy of every bot (https://telegram.org/tos/bot-developers), and its
apps send /privacy from a bot's profile where its menu has the command
(https://core.telegram.org/constructor/botInfo).
"""

from bot.locales import keys
from bot.telegram.context import BotContext
from bot.telegram.screens import Screen


async def show_privacy(context: BotContext) -> None:
    """Answer /privacy: what is stored, for how long, and how to have it deleted.

    It does not introduce the reader to the backend: the language is the remembered one, or else
    their client's. In private it ends with the number to name in a request for deletion.
    """
    pages = context.bot_data.legal_texts.pages("privacy", context.translator)
    if context.chat_id == context.speaker.id:
        number = str(context.speaker.id)
        pages[-1] += "\n\n" + context.translator.html(keys.Legal.YOUR_NUMBER, number=number)
    await reply_pages(context, pages)


async def show_terms(context: BotContext) -> None:
    """Answer /terms: what the wallet is and how it may be used; the language as of /privacy."""
    await reply_pages(context, context.bot_data.legal_texts.pages("terms", context.translator))


async def reply_pages(context: BotContext, pages: list[str]) -> None:
    """Send each page as a message, in order. Raises TelegramError."""
    for page in pages:
        await context.reply(Screen(page))
