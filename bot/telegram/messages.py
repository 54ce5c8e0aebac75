"""Sending and editing messages: the only place that does either."""

from telegram import Bot, Message

from bot.telegram.screens import Screen


async def send_message(
    bot: Bot, chat_id: int, screen: Screen, *, thread_id: int | None = None, silent: bool = False
) -> Message:
    """Send a new message to a chat, or to the topic `thread_id` of a group. Raises TelegramError.

    `silent`: without a sound. https://core.telegram.org/bots/api#sendmessage
    """
    return await bot.send_message(
        chat_id,
        screen.text,
        reply_markup=screen.keyboard,
        message_thread_id=thread_id,
        disable_notification=silent,
    )


async def edit_message(bot: Bot, chat_id: int, message_id: int, screen: Screen) -> None:
    """Replace the text and buttons of a message. Raises TelegramError.

    A BadRequest may be harmless: see `outcomes.classify_bad_request`.
    https://core.telegram.org/bots/api#editmessagetext
    """
    await bot.edit_message_text(screen.text, chat_id, message_id, reply_markup=screen.keyboard)
