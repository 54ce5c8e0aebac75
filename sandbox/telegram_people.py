"""The people's doors, and the page that uses them: writing, tapping, reading, breaking things."""

import time
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from sandbox.doors import Refusal
from sandbox.personas import PERSONAS, Persona
from sandbox.store import Json
from sandbox.telegram_chats import Chats, person
from sandbox.telegram_text import LONGEST_MESSAGE, command, said

TAP_WAIT = 10.0  # seconds in which the bot should have answered a tap


def called(name: str) -> Persona:
    """Whom a door plays: by key or name, in any case; `Refusal` (404) when it is nobody."""
    for persona in PERSONAS:
        if persona.key == name.lower():
            return persona
    raise Refusal(404, f"nobody here is {name!r}")


Wait = Annotated[float, Field(ge=0, le=60)]
User = Annotated[Persona, BeforeValidator(called)]
Chat = Literal["private"]  # which of their chats; there are no groups yet


async def personas(chats: Chats) -> Json:
    """Who can be played, and how far each chat has come (`version` grows with every change)."""
    people = []
    for persona in PERSONAS:
        seen = chats.seen(persona)
        chat = {"chat": "private", "id": persona.user_id, "last": said(seen[-1]) if seen else ""}
        chat["version"] = max((message["version"] for message in seen), default=0)
        who = {"user": persona.key, "name": persona.name, "about": persona.about}
        people.append(who | {"user_id": persona.user_id, "role": persona.role, "chats": [chat]})
    return {"bot": chats.bot, "personas": people}


async def send(
    chats: Chats, user: User, text: Annotated[str, Field(pattern=r"\S")], chat: Chat = "private"
) -> Json:
    """A person writes; answers the message: the first one if the app had to split the text."""
    faults = chats.faults  # to write to a bot again is to unblock it
    faults.blocked = [each for each in faults.blocked if each != user.key]
    text, messages = text.strip(), []
    for start in range(0, len(text), LONGEST_MESSAGE):
        part = text[start : start + LONGEST_MESSAGE]
        messages.append(chats.write(user, person(user), {"text": part, **command(part)}))
        chats.queue_update("message", messages[-1])
    return messages[0]


async def tap(
    chats: Chats, user: User, message_id: int, button: str, chat: Chat = "private"
) -> Json:
    """A person presses a button; waits a little for what the bot answers.

    Answers `{"answered", "text", "show_alert"}`, or `{"url"}` for a button that opens a page.
    """
    message = chats.message(user, message_id) or {}
    rows = message.get("reply_markup", {}).get("inline_keyboard", [])
    named = [b for row in rows for b in row if button in (b.get("callback_data"), b["text"])]
    if not named:
        raise Refusal(409, "no such button under that message")
    pressed = named[0]
    if "url" in pressed:
        return {"url": pressed["url"]}
    id = str(chats.number())
    chats.store.put("telegram_tap", id, {"at": time.time(), "answer": None})
    query = {"id": id, "from": person(user), "message": message, "data": pressed["callback_data"]}
    chats.queue_update("callback_query", query | {"chat_instance": str(user.user_id)})
    answer = await chats.until(lambda: chats.answer_to(id), TAP_WAIT)
    return {"answered": bool(answer), **(answer or {"text": "", "show_alert": False})}


async def look(
    chats: Chats, user: User, after: int = 0, wait: Wait = 0, chat: Chat = "private"
) -> Json:
    """What a person sees: messages that are new or changed since `after`, oldest first.

    `after` is that of the last answer (0: everything); `wait` is how many seconds to wait for news.
    A changed message comes again under its `message_id`, with a higher `version`.
    """

    def newest() -> int:
        news = [chats.menu(user), *chats.seen(user, after)]
        return max(int(one["version"]) for one in news)

    newer = await chats.until(lambda: max(newest() - after, 0), wait)
    messages, listed = chats.seen(user, after), chats.menu(user)["commands"]
    return {"messages": messages, "after": after + newer, "commands": listed}


async def set_faults(chats: Chats, **wanted: Any) -> Json:
    """Sets or ends faults; answers those in force."""
    chats.faults = chats.faults.changed_by(wanted)
    return chats.faults.model_dump()


DOORS: dict[tuple[str, str], Callable[..., Awaitable[Json]]] = {
    ("GET", "/telegram/personas"): personas,
    ("POST", "/telegram/send"): send,
    ("POST", "/telegram/tap"): tap,
    ("GET", "/telegram/chat"): look,
    ("POST", "/telegram/faults"): set_faults,
}
STYLES = ("chat.css", "chat_phone.css", "chat_writing.css", "chat_wide.css")
FILES = (*STYLES, "chat.js", "chat_messages.js", "chat_notices.js")
PAGES = {"/": "chat.html", "/chat": "chat.html"} | {f"/{name}": name for name in FILES}
