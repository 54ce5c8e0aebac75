"""The story of `test_clients.py`, told by pyTelegramBotAPI.

python with_pytelegrambotapi.py URL TOKEN
"""

# mypy: disable-error-code="untyped-decorator"

import io
import sys
from typing import Any

import telebot
from telebot import apihelper
from telebot.types import BotCommand, InlineKeyboardButton, InlineKeyboardMarkup, InputFile

url, token = sys.argv[1:]
apihelper.API_URL = f"{url}/bot{{0}}/{{1}}"
bot = telebot.TeleBot(token, threaded=False)


@bot.message_handler(commands=["start"])
def start(message: Any) -> None:
    bot.send_chat_action(message.chat.id, "typing")
    markup = InlineKeyboardMarkup()
    markup.add(InlineKeyboardButton("More", callback_data="more"))
    bot.reply_to(message, "<b>Welcome</b>", parse_mode="HTML", reply_markup=markup)


@bot.callback_query_handler(func=lambda query: query.data == "more")
def more(query: Any) -> None:
    chat_id, message_id = query.message.chat.id, query.message.message_id
    bot.answer_callback_query(query.id, "Here")
    bot.edit_message_text(r"*More*\.", chat_id, message_id, parse_mode="MarkdownV2")
    try:
        bot.edit_message_text(r"*More*\.", chat_id, message_id, parse_mode="MarkdownV2")
    except apihelper.ApiTelegramException as error:
        bot.send_message(chat_id, error.description.partition(": specified")[0])
    bot.send_document(chat_id, InputFile(io.BytesIO(b"a,b"), file_name="may.csv"), caption="May")
    deleted = bot.send_message(chat_id, "gone")
    bot.delete_message(chat_id, deleted.message_id)
    chat = bot.get_chat(chat_id)
    member = bot.get_chat_member(chat_id, query.from_user.id)
    bot.send_message(chat_id, f"{chat.first_name}: {member.status}")


@bot.message_handler(commands=["stop"])
def stop(message: Any) -> None:
    bot.send_message(message.chat.id, "Stopping")
    bot.stop_polling()


@bot.message_handler(func=lambda message: True)
def echo(message: Any) -> None:
    bot.send_message(message.chat.id, message.text, entities=message.entities)


print(bot.get_me().username)
bot.set_webhook("http://127.0.0.1:9/hook", secret_token="s-1")
bot.delete_webhook(drop_pending_updates=True)
bot.set_my_commands([BotCommand("start", "Begin")])
print("polling", flush=True)
bot.infinity_polling(timeout=20, long_polling_timeout=10)
