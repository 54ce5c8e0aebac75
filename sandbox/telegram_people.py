"""The people's doors, and the page that uses them: writing, tapping, reading, breaking things.

JSON in and out; a refusal is `{"error": {"message"}}`. Bodies must come as application/json, which
no other site's page can send here, so that none can play a person.
"""

import asyncio
import json
import time
from pathlib import Path
from typing import TypeVar

from aiohttp import web
from pydantic import BaseModel, ConfigDict, ValidationError

from sandbox.personas import PERSONAS, Persona, find_persona
from sandbox.store import Json
from sandbox.telegram_chats import Chats, person
from sandbox.telegram_faults import Faults
from sandbox.telegram_methods import menu_of
from sandbox.telegram_text import LONGEST_MESSAGE, commands

CHATS = web.AppKey("chats", Chats)
PAGES = Path(__file__).parent / "pages"
LONGEST_WAIT = 60.0  # seconds
TAP_WAIT = 10.0  # seconds in which the bot should have answered a tap
PAGE_HEADERS = {
    "Cache-Control": "no-cache",
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self';"
    " connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class _Played(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    user: str
    chat: str = "private"


class Said(_Played):
    """POST /telegram/send."""

    text: str


class Tapped(_Played):
    """POST /telegram/tap. `button` is its callback data or its text."""

    message_id: int
    button: str


Body = TypeVar("Body", bound=BaseModel)


async def personas(request: web.Request) -> web.Response:
    """Who can be played, and how far each chat has come (`version` grows with every change)."""
    chats = request.app[CHATS]
    people = []
    for persona in PERSONAS:
        seen = chats.seen(persona.user_id)
        chat = {"chat": "private", "id": persona.user_id, "last": seen[-1]["text"] if seen else ""}
        chat["version"] = max((message["version"] for message in seen), default=0)
        who = {"user": persona.key, "name": persona.name, "about": persona.about}
        people.append(who | {"user_id": persona.user_id, "role": persona.role, "chats": [chat]})
    return web.json_response({"bot": chats.bot, "personas": people})


async def send(request: web.Request) -> web.Response:
    """A person writes; answers the message: the first one if the app had to split the text."""
    chats = request.app[CHATS]
    said = await _body(request, Said)
    persona = _person(said.user, said.chat)
    text = said.text.strip()
    if not text:
        raise _refusal(web.HTTPBadRequest, "text is empty")
    chats.faults.unblock(persona.key)  # to write to a bot again is to unblock it
    messages = []
    for start in range(0, len(text), LONGEST_MESSAGE):
        part = text[start : start + LONGEST_MESSAGE]
        content: Json = {"text": part} | ({"entities": found} if (found := commands(part)) else {})
        messages.append(chats.write(persona, person(persona), content))
        chats.queue_update("message", messages[-1])
    return web.json_response(messages[0])


async def tap(request: web.Request) -> web.Response:
    """A person presses a button; waits a little for what the bot answers.

    Answers `{"answered", "text", "show_alert"}`, or `{"url"}` for a button that opens a page.
    """
    chats = request.app[CHATS]
    tapped = await _body(request, Tapped)
    persona = _person(tapped.user, tapped.chat)
    message = chats.message(persona.user_id, tapped.message_id) or {}
    rows = message.get("reply_markup", {}).get("inline_keyboard", [])
    buttons = [button for row in rows for button in row]
    named = [b for b in buttons if tapped.button in (b.get("callback_data"), b["text"])]
    if not named:
        raise _refusal(web.HTTPConflict, "no such button under that message")
    button = next((b for b in named if b.get("callback_data") == tapped.button), named[0])
    if "url" in button:
        return web.json_response({"url": button["url"]})
    query: Json = {"id": str((persona.user_id << 32) + chats.next_number("callback_query"))}
    query |= {"from": person(persona), "message": message, "data": button["callback_data"]}
    query["chat_instance"] = str(persona.user_id)
    chats.store.put("telegram_tap", query["id"], {"at": time.time(), "answer": None})
    chats.queue_update("callback_query", query)
    return web.json_response(await _answer(chats, query["id"]))


async def _answer(chats: Chats, query_id: str) -> Json:
    deadline = asyncio.get_running_loop().time() + TAP_WAIT
    while True:
        row = chats.store.get("telegram_tap", query_id) or {}
        if row.get("answer"):
            return {"answered": True, **row["answer"]}
        if not await chats.bell.wait(deadline):
            return {"answered": False, "text": "", "show_alert": False}


async def read(request: web.Request) -> web.Response:
    """What a person sees: messages that are new or changed since `after`, oldest first.

    `after` is the `after` of the last answer (0: everything); `wait`, up to 60 s, is how long to
    wait for news. A changed message comes again under its `message_id`, with a higher `version`.
    """
    chats = request.app[CHATS]
    query = request.query
    persona = _person(query.get("user", ""), query.get("chat", "private"))
    try:
        after, wait = int(query.get("after", "0")), float(query.get("wait", "0"))
    except ValueError:
        raise _refusal(web.HTTPBadRequest, "after and wait are numbers") from None
    deadline = asyncio.get_running_loop().time() + min(wait, LONGEST_WAIT)
    while True:
        messages, menu = chats.seen(persona.user_id, after), menu_of(chats, persona)
        newest = max([after, menu["version"], *(message["version"] for message in messages)])
        if newest > after or not await chats.bell.wait(deadline):
            answer = {"messages": messages, "after": newest, "commands": menu["commands"]}
            return web.json_response(answer)


async def set_faults(request: web.Request) -> web.Response:
    """Sets or ends faults; answers those in force."""
    chats = request.app[CHATS]
    chats.faults = chats.faults.changed_by(await _body(request, Faults))
    return web.json_response(chats.faults.model_dump(exclude={"reset"}))


async def page(request: web.Request) -> web.StreamResponse:
    """The chat page and its two files."""
    name = request.path.removeprefix("/")
    return web.FileResponse(PAGES / (name if "." in name else "chat.html"), headers=PAGE_HEADERS)


PEOPLES_ROUTES = [
    web.get("/telegram/personas", personas),
    web.post("/telegram/send", send),
    web.post("/telegram/tap", tap),
    web.get("/telegram/chat", read),
    web.post("/telegram/faults", set_faults),
    *(web.get(path, page) for path in ("/", "/chat", "/chat.css", "/chat.js")),
]


async def _body(request: web.Request, model: type[Body]) -> Body:
    if request.content_type != "application/json":
        raise _refusal(web.HTTPUnsupportedMediaType, "send application/json")
    try:
        return model.model_validate_json(await request.read())
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "body"
        raise _refusal(web.HTTPBadRequest, f"{where}: {first['msg']}") from None


def _person(user: str, chat: str) -> Persona:
    persona = find_persona(user)
    if persona is None or chat != "private":
        raise _refusal(web.HTTPNotFound, f"nobody here is {user!r} with a chat {chat!r}")
    return persona


def _refusal(kind: type[web.HTTPError], message: str) -> web.HTTPError:
    body = json.dumps({"error": {"message": message}})
    return kind(text=body, content_type="application/json")
