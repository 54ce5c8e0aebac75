"""The real python-telegram-bot works on the local Telegram unchanged, and people see it work."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import telegram.error
from telegram import Bot, BotCommand, InlineKeyboardButton, InlineKeyboardMarkup, Update
from telegram.ext import (
    ApplicationBuilder,
    CallbackQueryHandler,
    CommandHandler,
    ContextTypes,
    MessageHandler,
    filters,
)
from telegram.request import HTTPXRequest

from tests.sandbox.telegram.playground import TOKEN, Playground, local_telegram

ANA = 1001
Context = ContextTypes.DEFAULT_TYPE


@pytest.fixture
async def play(tmp_path: Path) -> AsyncIterator[Playground]:
    async with local_telegram(tmp_path) as playground:
        yield playground


async def echo(update: Update, context: Context) -> None:
    assert update.message
    button = InlineKeyboardButton("Shout", callback_data="shout")
    await update.message.reply_html(
        f"<b>{update.message.text}</b>", reply_markup=InlineKeyboardMarkup([[button]])
    )


async def start(update: Update, context: Context) -> None:
    assert update.message
    link = InlineKeyboardButton("Help", url="https://example.com/help")
    await update.message.reply_text("Welcome", reply_markup=InlineKeyboardMarkup([[link]]))


async def shout(update: Update, context: Context) -> None:
    query = update.callback_query
    assert query
    await query.answer("As loud as I can", show_alert=True)
    await query.edit_message_text("AAH")


@asynccontextmanager
async def echo_bot(url: str) -> AsyncIterator[Any]:
    application = ApplicationBuilder().token(TOKEN).base_url(f"{url}/bot").build()
    application.add_handler(CommandHandler("start", start))
    application.add_handler(MessageHandler(filters.TEXT, echo))
    application.add_handler(CallbackQueryHandler(shout))
    async with application:
        await application.start()
        assert application.updater
        await application.updater.start_polling(timeout=5)
        try:
            yield application.bot
        finally:
            await application.updater.stop()
            await application.stop()


async def test_a_chat_with_a_real_bot(play: Playground) -> None:
    async with echo_bot(play.url) as bot:
        await bot.set_my_commands([BotCommand("start", "Begin")])
        first = await play.write("Ana", "  /start now")
        assert first["text"] == "/start now"
        assert first["entities"] == [{"type": "bot_command", "offset": 0, "length": 6}]
        before = await play.chat("ana")
        seen = await play.chat("ana", after=before["after"], wait=5)
        welcome = seen["messages"][-1]
        assert (welcome["text"], welcome["from"]["username"]) == ("Welcome", "pursebot_sandbox_bot")
        assert seen["commands"] == [{"command": "start", "description": "Begin"}]
        tap = {"user": "ana", "chat": "private", "message_id": welcome["message_id"]}
        assert await play.post("tap", **tap, button="Help") == {"url": "https://example.com/help"}

        await play.write("ana", "hello")
        text = await play.chat("ana", after=seen["after"])
        (echoed,) = (await play.chat("ana", after=text["after"], wait=5))["messages"]
        assert echoed["entities"] == [{"type": "bold", "offset": 0, "length": 5}]
        after = (await play.chat("ana"))["after"]
        tap["message_id"] = echoed["message_id"]
        answer = await play.post("tap", **tap, button="shout")
        assert answer == {"answered": True, "text": "As loud as I can", "show_alert": True}
        changed = await play.chat("ana", after=after, wait=5)
        assert [message["message_id"] for message in changed["messages"]] == [echoed["message_id"]]
        assert changed["messages"][0]["text"] == "AAH"
        assert changed["messages"][0]["edit_date"]
        await play.post("tap", status=409, **tap, button="shout")
    assert (await play.chat("ben"))["messages"] == []


async def test_updates_wait_for_a_bot_that_is_down_even_over_a_restart(tmp_path: Path) -> None:
    async with local_telegram(tmp_path) as play:
        await play.write("ana", "one")
        (first,) = await play.updates()
    async with local_telegram(tmp_path) as play:
        await play.write("ana", "two")
        texts = [update["message"]["text"] for update in await play.updates()]
        assert texts == ["one", "two"]
        (second,) = await play.updates(offset=first["update_id"] + 1, timeout=5)
        assert second["update_id"] > first["update_id"]
        assert await play.updates() == [second]


async def test_a_bot_is_told_only_what_it_asked_for(play: Playground) -> None:
    for _ in range(2):
        await play.write("ana", "hello")
    assert await play.updates(allowed_updates=["callback_query"]) == []
    assert len(await play.updates(allowed_updates=[])) == 2
    assert len(await play.updates(limit=1)) == 1


async def test_a_second_poll_ends_the_first_with_a_conflict(play: Playground) -> None:
    first = asyncio.create_task(play.bot("getUpdates", timeout=30))
    await asyncio.sleep(1)  # until it is there: nothing shows that it waits
    second = asyncio.create_task(play.bot("getUpdates", timeout=30))
    assert (await first)["description"] == (
        "Conflict: terminated by other getUpdates request; make sure that only one bot instance is"
        " running"
    )
    await play.write("ana", "hello")
    assert len((await second)["result"]) == 1


async def test_a_tap_that_nobody_answers_in_time(play: Playground) -> None:
    await play.post("faults", answer_within=0.001)
    await play.write("ana", "hello")
    markup = {"inline_keyboard": [[{"text": "b", "callback_data": "1"}]]}
    sent = (await play.bot("sendMessage", chat_id=ANA, text="x", reply_markup=markup))["result"]
    button = {"message_id": sent["message_id"], "button": "b"}
    tapped = await play.post("tap", user="ana", wait=0.01, **button)
    assert tapped == {"answered": False, "text": "", "show_alert": False}
    query = (await play.updates())[-1]["callback_query"]
    assert (query["data"], query["message"]) == ("1", sent)
    late = await play.bot("answerCallbackQuery", callback_query_id=query["id"])
    assert late["error_code"] == 400


async def test_a_long_text_arrives_in_parts_as_the_app_sends_it(play: Playground) -> None:
    await play.write("ana", "/topup " + "9" * 10_000)
    texts = [update["message"]["text"] for update in await play.updates()]
    assert [len(text) for text in texts] == [4096, 4096, 1815]


async def test_faults_look_to_a_real_bot_like_telegrams_own(
    play: Playground, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PTB_TIMEDELTA", "1")
    await play.write("ana", "hello")
    hasty = HTTPXRequest(read_timeout=3)
    async with Bot(TOKEN, base_url=f"{play.url}/bot", request=hasty) as bot:

        async def failure(kind: type[telegram.error.TelegramError]) -> Any:
            with pytest.raises(kind) as raised:
                await bot.send_message(ANA, "x")
            return raised.value

        await play.post("faults", too_many_requests={"retry_after": 7, "methods": ["sendMessage"]})
        assert await bot.get_me()
        assert (await failure(telegram.error.RetryAfter)).retry_after == timedelta(seconds=7)
        await play.post("faults", server_error={"code": 502, "next": 1})
        assert str(await failure(telegram.error.NetworkError)) == "Bad Gateway"
        await play.post("faults", migrated=[{"chat": ANA, "to": -100_777}])
        assert (await failure(telegram.error.ChatMigrated)).new_chat_id == -100_777
        await play.post("faults")
        await play.post("faults", blocked=["ana"])
        await failure(telegram.error.Forbidden)
        await play.write("ana", "hello again")
        await play.post("faults", timeout_after_delivery={"seconds": 5})
        await failure(telegram.error.TimedOut)
        assert "x" in [message["text"] for message in (await play.chat("ana"))["messages"]]
        assert (await play.post("faults"))["timeout_after_delivery"] is None
        assert await bot.send_message(ANA, "y")


@pytest.mark.parametrize(
    ("path", "status", "body"),
    [
        ("faults", 501, {"no_such_fault": 1}),
        ("faults", 501, {"server_error": {"code": 418}}),
        ("faults", 501, {"blocked": ["mallory"]}),
        ("send", 404, {"user": "mallory", "chat": "private", "text": "x"}),
        ("send", 404, {"user": "ana", "chat": "Friends", "text": "x"}),
        ("groups", 409, {"user": "ana", "event": "remove_bot"}),
        ("groups", 409, {"user": "ana", "event": "migrate"}),
        ("groups", 501, {"user": "ana", "event": "pin"}),
        ("send", 400, {"user": "ana", "chat": "private", "text": "  "}),
        ("send", 501, {"user": "ana", "chat": "private", "text": "x", "extra": 1}),
        ("tap", 409, {"user": "ana", "chat": "private", "message_id": 1, "button": "b"}),
    ],
)
async def test_the_routes_refuse_what_they_do_not_have(
    play: Playground, path: str, status: int, body: dict[str, Any]
) -> None:
    answer = await play.post(path, status=status, **body)
    assert answer["error"]["message"]


async def test_a_form_of_another_site_cannot_play_a_person(play: Playground) -> None:
    form = '{"user": "ana", "chat": "private", "text": "/topup 50"}'
    async with play.http.post(f"{play.url}/telegram/send", data=form) as response:
        assert response.status == 415


async def test_everyone_is_introduced(play: Playground) -> None:
    await play.write("ben", "hello")
    async with play.http.get(f"{play.url}/telegram/personas") as response:
        answer = await response.json()
    people = {person["name"]: person for person in answer["personas"]}
    assert {name: person["user_id"] for name, person in people.items()} == {
        "Ana": 1001,
        "Ben": 1002,
        "Eve": 1003,
        "Ira": 1004,
    }
    assert people["Ben"]["chats"] == [
        {"chat": "private", "id": 1002, "last": "hello", "version": 2},
        {"chat": "Acme team", "id": -4001, "last": "", "version": 0},
    ]
    assert answer["bot"]["username"] == "pursebot_sandbox_bot"
