"""A card number in the chat: deleted where the bot may, kept nowhere, and warned about."""

from telegram import Message
from telegram.error import TelegramError
from telegram.ext.filters import MessageFilter

from backend.schemas import CARD_REMOVED, without_card_numbers
from bot.telegram.context import BotContext


class HasCardNumber(MessageFilter):
    """Messages with a card number, or from which the backend has taken one out already."""

    def filter(self, message: Message) -> bool:
        """Of what is written, or stands under a picture."""
        return CARD_REMOVED in without_card_numbers(message.text or message.caption or "")


async def warn(context: BotContext) -> None:
    """Delete it, and say how a card is added; whatever was asked stays asked."""
    await context.learn_language()
    try:
        await context.bot.delete_message(context.chat_id, context.message_id)
    except TelegramError:
        await context.say("cards.number")
    else:
        await context.say("cards.number_deleted")
