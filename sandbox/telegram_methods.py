"""The Bot API methods that are played here.

`METHODS` is the whole list: each method's function and the parameters that are modelled, with their
types; any other parameter is answered 501. https://core.telegram.org/bots/api#available-methods
"""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable
from typing import Any

from sandbox.personas import Persona
from sandbox.store import Json
from sandbox.telegram_chats import Chats
from sandbox.telegram_errors import Refused, not_modelled
from sandbox.telegram_keyboards import inline_keyboard
from sandbox.telegram_text import formatted, utf16_length

LONGEST_POLL = 50  # seconds
MESSAGES_A_SECOND = 30
ANSWER_WITHIN = 15  # seconds, then a tap no longer waits for its answer
LONGEST_ANSWER = 200
# Whose commands a person sees in a private chat: the first list that is not empty.
# https://core.telegram.org/bots/api#determining-list-of-commands
COMMAND_SCOPES = ("all_private_chats", "default")


async def get_me(chats: Chats, asked: Json) -> Json:
    """Who the bot is."""
    return chats.bot | {
        "can_join_groups": True,
        "can_read_all_group_messages": False,
        "supports_inline_queries": False,
    }


async def get_updates(chats: Chats, asked: Json) -> list[Json]:
    """Long polling; a later getUpdates ends this one with 409."""
    if "allowed_updates" in asked:
        chats.store.put("telegram_setting", "allowed_updates", {"kinds": asked["allowed_updates"]})
    if (offset := asked.get("offset", 0)) < 0:
        raise not_modelled("a negative offset")
    chats.newest_poll += 1
    this_poll = chats.newest_poll
    chats.bell.ring()
    timeout = min(asked.get("timeout", 0), LONGEST_POLL)
    deadline = asyncio.get_running_loop().time() + timeout
    while True:
        if this_poll != chats.newest_poll:
            why = "terminated by other getUpdates request; make sure that only one bot instance is"
            raise Refused(409, f"{why} running")
        updates = chats.pending_updates(offset)
        if updates or not await chats.bell.wait(deadline):
            return updates[: min(max(asked.get("limit", 100), 1), 100)]


async def delete_webhook(chats: Chats, asked: Json) -> bool:
    """There never is a webhook here."""
    if asked.get("drop_pending_updates"):
        chats.pending_updates(chats.number("update") + 1)
    return True


async def send_message(chats: Chats, asked: Json) -> Json:
    """A new message of the bot."""
    content = _content(asked, "message is too long")
    persona = chats.reachable(asked.get("chat_id", ""))
    _hold_flood(chats)
    return chats.write(persona, chats.bot, content)


async def edit_message_text(chats: Chats, asked: Json) -> Json:
    """A message of the bot changes in place; without `reply_markup` its keyboard goes away."""
    content = _content(asked, "MESSAGE_TOO_LONG")
    persona = chats.reachable(asked.get("chat_id", ""))
    if not asked.get("message_id"):
        raise Refused(400, "message identifier is not specified")
    message = chats.message(persona.user_id, asked["message_id"])
    if message is None:
        raise Refused(400, "message to edit not found")
    if message["from"]["id"] != chats.bot["id"]:
        raise Refused(400, "message can't be edited")
    if all(message.get(part) == content.get(part) for part in ("text", "entities", "reply_markup")):
        why = "specified new message content and reply markup are exactly the same as a current"
        raise Refused(
            400, f"message is not modified: {why} content and reply markup of the message"
        )
    kept = {name: message[name] for name in ("message_id", "from", "chat", "date")}
    return chats.put(kept | {"edit_date": int(time.time())} | content)


async def answer_callback_query(chats: Chats, asked: Json) -> bool:
    """Answers a tap, once and in time; the person sees `text` as a toast or an alert."""
    tap = chats.store.get("telegram_tap", asked.get("callback_query_id", ""))
    if tap is None or tap["answer"] or tap["at"] < time.time() - ANSWER_WITHIN:
        raise Refused(400, "query is too old and response timeout expired or query ID is invalid")
    if utf16_length(asked.get("text", "")) > LONGEST_ANSWER:
        raise Refused(400, "MESSAGE_TOO_LONG")
    answer = {"text": asked.get("text", ""), "show_alert": asked.get("show_alert", False)}
    chats.store.put("telegram_tap", asked["callback_query_id"], tap | {"answer": answer})
    chats.bell.ring()
    return True


async def set_my_commands(chats: Chats, asked: Json) -> bool:
    """What the menu button lists, by scope and language."""
    scope = asked.get("scope", {}).get("type", "default")
    language = asked.get("language_code", "")
    if scope not in COMMAND_SCOPES:
        raise not_modelled(f"commands for the scope {scope}")
    if not re.fullmatch(r"([a-z]{2})?", language):
        raise Refused(400, "invalid language code specified")
    for command in asked.get("commands", []):
        if not isinstance(command, dict) or command.keys() != {"command", "description"}:
            raise not_modelled("commands of more or less than a name and a description")
        if not re.fullmatch(r"[a-z0-9_]{1,32}", str(command["command"])):
            raise Refused(400, "BOT_COMMAND_INVALID")
        if not 1 <= len(str(command["description"])) <= 256:
            raise Refused(400, "BOT_COMMAND_DESCRIPTION_INVALID")
    menu = {"version": chats.next_number("version"), "commands": asked.get("commands", [])}
    chats.store.put("telegram_menu", f"{scope}:{language}", menu)
    chats.bell.ring()
    return True


def menu_of(chats: Chats, persona: Persona) -> Json:
    """What this person's menu button lists: `{"version", "commands"}`."""
    names = [f"{s}:{code}" for s in COMMAND_SCOPES for code in (persona.language_code, "")]
    menus: list[Json] = [m for name in names if (m := chats.store.get("telegram_menu", name))]
    newest = max((menu["version"] for menu in menus), default=0)
    listed: list[Json] = next((menu["commands"] for menu in menus if menu["commands"]), [])
    return {"version": newest, "commands": listed}


def _content(asked: Json, too_long: str) -> Json:
    """What the bot decides of a message; parts that are empty are left out."""
    text, entities = formatted(asked.get("text", ""), asked.get("parse_mode", ""), too_long)
    parts = {
        "text": text,
        "entities": entities,
        "link_preview_options": asked.get("link_preview_options"),
        "reply_markup": inline_keyboard(asked.get("reply_markup")),
    }
    return {name: part for name, part in parts.items() if part}


def _hold_flood(chats: Chats) -> None:
    """The limit that is always on. https://core.telegram.org/bots/faq (hitting limits)."""
    now = time.monotonic()
    chats.sent_at = [at for at in chats.sent_at if at > now - 1]
    if len(chats.sent_at) >= MESSAGES_A_SECOND:
        raise Refused(429, "retry after 1", retry_after=1)
    chats.sent_at.append(now)


Method = Callable[[Chats, Json], Awaitable[Any]]
_CONTENT = {
    "chat_id": str,
    "text": str,
    "parse_mode": str,
    "reply_markup": dict,
    "link_preview_options": dict,
}
METHODS: dict[str, tuple[Method, dict[str, type]]] = {
    "getme": (get_me, {}),
    "getupdates": (
        get_updates,
        {"offset": int, "limit": int, "timeout": int, "allowed_updates": list},
    ),
    "deletewebhook": (delete_webhook, {"drop_pending_updates": bool}),
    "sendmessage": (send_message, _CONTENT | {"disable_notification": bool}),
    "editmessagetext": (edit_message_text, _CONTENT | {"message_id": int}),
    "answercallbackquery": (
        answer_callback_query,
        {"callback_query_id": str, "text": str, "show_alert": bool},
    ),
    "setmycommands": (set_my_commands, {"commands": list, "scope": dict, "language_code": str}),
}
