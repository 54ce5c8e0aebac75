"""The people's doors, and the page that uses them: writing, tapping, reading, breaking things."""

import time
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from sandbox import routes
from sandbox.personas import GROUP, PERSONAS, Persona
from sandbox.refusals import Refusal
from sandbox.routes import Routes
from sandbox.store import Json
from sandbox.telegram.chats import Chats, person
from sandbox.telegram.groups import GroupEvent, change_group, hears
from sandbox.telegram.text import LONGEST_MESSAGE, command, plain_text

TAP_WAIT = 10.0  # seconds in which the bot should have answered a tap


def called(name: str) -> Persona:
    """Whom a door plays: by key or name, in any case; `Refusal` (404) when it is nobody."""
    for persona in PERSONAS:
        if persona.key == name.lower():
            return persona
    raise Refusal(404, f"nobody here is {name!r}")


Wait = Annotated[float, Field(ge=0, le=60)]
User = Annotated[Persona, BeforeValidator(called)]


async def personas(chats: Chats) -> Json:
    """Who can be played, and how far each chat has come (`version` grows with every change)."""
    people = []
    for persona in PERSONAS:
        shown = []
        for name in ("private", GROUP):
            id = chats.chat(persona, name)["id"]
            seen = chats.seen(id)
            chat = {"chat": name, "id": id, "last": plain_text(seen[-1]) if seen else ""}
            chat["version"] = max((message["version"] for message in seen), default=0)
            shown.append(chat)
        who = {"user": persona.key, "name": persona.name, "about": persona.about}
        people.append(who | {"user_id": persona.user_id, "role": persona.role, "chats": shown})
    return {"bot": chats.bot, "personas": people, "bot_is_in_group": chats.group()["inside"]}


async def send(
    chats: Chats, user: User, text: Annotated[str, Field(pattern=r"\S")], chat: str = "private"
) -> Json:
    """A person writes; answers the message: the first one if the app had to split the text."""
    where, faults = chats.chat(user, chat), chats.faults
    if chat == "private":  # to write to a bot again is to unblock it
        faults.blocked = [each for each in faults.blocked if each != user.key]
    text, messages = text.strip(), []
    for start in range(0, len(text), LONGEST_MESSAGE):
        part = text[start : start + LONGEST_MESSAGE]
        messages.append(chats.write(where, person(user), {"text": part, **command(part)}))
        if hears(chats, messages[-1]):
            chats.queue_update("message", messages[-1])
    return messages[0]


async def tap(
    chats: Chats,
    user: User,
    message_id: int,
    button: str,
    chat: str = "private",
    wait: Wait = TAP_WAIT,
) -> Json:
    """A person presses a button; waits at most `wait` seconds for what the bot answers.

    Answers `{"answered", "text", "show_alert"}`, or `{"url"}` for a button that opens a page.
    """
    where = chats.chat(user, chat)
    message = chats.message(where["id"], message_id) or {}
    rows = message.get("reply_markup", {}).get("inline_keyboard", [])
    named = [b for row in rows for b in row if button in (b.get("callback_data"), b["text"])]
    if not named:
        raise Refusal(409, "no such button under that message")
    pressed = named[0]
    if "url" in pressed:
        return {"url": pressed["url"]}
    id = str(chats.number())
    chats.store.put("telegram_tap", id, {"at": time.time()})
    query = {"id": id, "from": person(user), "message": message, "data": pressed["callback_data"]}
    chats.queue_update("callback_query", query | {"chat_instance": str(where["id"])})
    answer = await chats.until(lambda: chats.store.get("telegram_answer", id), wait)
    return {"answered": bool(answer), **(answer or {"text": "", "show_alert": False})}


async def update(chats: Chats, update: Json) -> Json:
    """The bot will hear of this update, whatever it is, under an id of its own."""
    kinds = {name: content for name, content in update.items() if name != "update_id"}
    return {"update_id": chats.queue_update_of(kinds)}


async def look(
    chats: Chats, user: User, after: int = 0, wait: Wait = 0, chat: str = "private"
) -> Json:
    """What a person sees: messages that are new or changed since `after`, oldest first.

    `after` is that of the last answer (0: everything); `wait` is how many seconds to wait for news.
    A changed message comes again under its `message_id`, with a higher `version`.
    """

    def where() -> int:  # a group can become another while somebody looks
        return int(chats.chat(user, chat)["id"])

    def newest() -> int:
        news = [chats.menu(user, chat), *chats.seen(where(), after)]
        return max(int(one["version"]) for one in news)

    newer = await chats.until(lambda: max(newest() - after, 0), wait)
    messages, listed = chats.seen(where(), after), chats.menu(user, chat)["commands"]
    return {"messages": messages, "after": after + newer, "commands": listed}


async def group(chats: Chats, user: User, event: GroupEvent, chat: str = GROUP) -> Json:
    """A person adds the bot to the group, removes it, or makes the group a supergroup."""
    return change_group(chats, person(user), chats.chat(user, chat), event)


async def set_faults(chats: Chats, **body: Any) -> Json:
    """Set the faults that the body names, or end all; return those in force."""
    chats.faults = chats.faults.changed_by(body)
    return chats.faults.model_dump()


PEOPLE_ROUTES: Routes = {
    ("GET", "/telegram/personas"): personas,
    ("POST", "/telegram/send"): send,
    ("POST", "/telegram/tap"): tap,
    ("POST", "/telegram/updates"): update,
    ("GET", "/telegram/chat"): look,
    ("POST", "/telegram/groups"): group,
    ("POST", "/telegram/faults"): set_faults,
}
PAGES = {"/": "chat.html", "/chat": "chat.html"}
PAGES |= {f"/{file.name}": file.name for file in routes.PAGES.glob("chat*.[cj]s*")}
