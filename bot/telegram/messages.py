"""Sending and editing the bot's messages: the only place that does either."""

from telegram import Bot, Message

from bot.telegram.screens import Screen


async def send_message(
    bot: Bot, chat_id: int, screen: Screen, *, thread_id: int | None = None, silent: bool = False
) -> Message:
    """Send a new message: to a chat, or to the topic `thread_id` of a group. Raises TelegramError.

    A silent one comes without a sound.
    """
    return await bot.send_message(
        chat_id,
        screen.text,
        reply_markup=screen.keyboard,
        message_thread_id=thread_id,
        disable_notification=silent,
    )


async def edit_message(bot: Bot, chat_id: int, message_id: int, screen: Screen) -> None:
    """Put a screen in the place of what a message shows. Raises TelegramError.

    A BadRequest may be harmless: see `outcomes.classify_bad_request`.
    """
    await bot.edit_message_text(screen.text, chat_id, message_id, reply_markup=screen.keyboard)
