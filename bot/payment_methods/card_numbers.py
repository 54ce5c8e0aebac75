"""A card number in the chat: deleted where the bot can, kept nowhere, and warned about."""

from telegram import Message
from telegram.error import TelegramError
from telegram.ext.filters import MessageFilter

from backend.schemas import CARD_REMOVED, without_card_numbers
from bot.locales import keys
from bot.telegram.context import BotContext


class HasCardNumber(MessageFilter):
    """Messages with a card number, or from which the backend took one out already."""

    def filter(self, message: Message) -> bool:
        """Judge what is written, or stands under a picture."""
        return CARD_REMOVED in without_card_numbers(message.text or message.caption or "")


async def warn_of_card_number(context: BotContext) -> None:
    """Delete the message, and write how a card is added; an open question stays open."""
    await context.ensure_language()
    try:
        await context.bot.delete_message(context.chat_id, context.message_id)
    except TelegramError:
        await context.reply_text(keys.PaymentMethods.NUMBER)
    else:
        await context.reply_text(keys.PaymentMethods.NUMBER_DELETED)
