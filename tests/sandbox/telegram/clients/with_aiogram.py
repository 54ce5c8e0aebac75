"""The story of `test_clients.py`, told by aiogram: python with_aiogram.py URL TOKEN."""

import asyncio
import sys

from aiogram import Bot, Dispatcher, F
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.enums import ChatAction, ParseMode
from aiogram.exceptions import TelegramBadRequest
from aiogram.filters import Command, CommandStart
from aiogram.types import (
    BotCommand,
    BufferedInputFile,
    CallbackQuery,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    Message,
)

dispatcher = Dispatcher()


@dispatcher.message(CommandStart())
async def start(message: Message, bot: Bot) -> None:
    await bot.send_chat_action(message.chat.id, ChatAction.TYPING)
    button = InlineKeyboardButton(text="More", callback_data="more")
    markup = InlineKeyboardMarkup(inline_keyboard=[[button]])
    await message.reply("<b>Welcome</b>", parse_mode=ParseMode.HTML, reply_markup=markup)


@dispatcher.callback_query(F.data == "more")
async def more(query: CallbackQuery, bot: Bot) -> None:
    assert isinstance(query.message, Message)
    message, chat_id = query.message, query.message.chat.id
    await query.answer("Here")
    await message.edit_text(r"*More*\.", parse_mode=ParseMode.MARKDOWN_V2)
    try:
        await message.edit_text(r"*More*\.", parse_mode=ParseMode.MARKDOWN_V2)
    except TelegramBadRequest as error:
        await message.answer(error.message.partition(";")[0].partition(": specified")[0])
    await message.answer_document(BufferedInputFile(b"a,b", "may.csv"), caption="May")
    deleted = await message.answer("gone")
    await deleted.delete()
    chat = await bot.get_chat(chat_id)
    member = await bot.get_chat_member(chat_id, query.from_user.id)
    await message.answer(f"{chat.first_name}: {member.status}")


@dispatcher.message(Command("stop"))
async def stop(message: Message) -> None:
    await message.answer("Stopping")
    await dispatcher.stop_polling()


@dispatcher.message()
async def echo(message: Message) -> None:
    await message.send_copy(message.chat.id)


async def main(url: str, token: str) -> None:
    session = AiohttpSession(api=TelegramAPIServer.from_base(url))
    async with Bot(token, session=session) as bot:
        print((await bot.get_me()).username)
        await bot.set_webhook("http://127.0.0.1:9/hook", secret_token="s-1")
        await bot.delete_webhook(drop_pending_updates=True)
        await bot.set_my_commands([BotCommand(command="start", description="Begin")])
        print("polling", flush=True)
        await dispatcher.start_polling(bot, handle_signals=False, close_bot_session=False)


asyncio.run(main(*sys.argv[1:]))
