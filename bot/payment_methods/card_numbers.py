"""Card numbers in the chat: the message is deleted where possible, and the person warned."""

from telegram import Message
from telegram.error import TelegramError
from telegram.ext.filters import MessageFilter

from backend.schemas import CARD_REMOVED, without_card_numbers
from bot.locales import keys
from bot.telegram.context import BotContext


class HasCardNumber(MessageFilter):
    """A filter for messages with a card number, or from which the backend removed one."""

    def filter(self, message: Message) -> bool:
        """Return whether the text or caption has a card number."""
        return CARD_REMOVED in without_card_numbers(message.text or message.caption or "")


async def warn_of_card_number(context: BotContext) -> None:
    """Delete the message, and reply how a card is added; an open question stays open."""
    await context.ensure_language()
    try:
        await context.bot.delete_message(context.chat_id, context.message_id)
    except TelegramError:
        await context.reply_text(keys.PaymentMethods.NUMBER)
    else:
        await context.reply_text(keys.PaymentMethods.NUMBER_DELETED)
