"""The people's routes of the chats: writing, tapping, reading; and the pages for it."""

import time
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from sandbox import routes
from sandbox.personas import GROUP, PERSONAS, Key, Persona
from sandbox.refusals import Refusal
from sandbox.routes import Routes
from sandbox.store import Json
from sandbox.telegram.chats import Chats, user_of
from sandbox.telegram.group_members import MemberEvent, change_rank, sender_fields
from sandbox.telegram.groups import (
    GroupEvent,
    TopicEvent,
    change_group,
    change_topic,
    reaches_bot,
    set_privacy,
)
from sandbox.telegram.memberships import described
from sandbox.telegram.messages import topic_fields
from sandbox.telegram.text import MAX_MESSAGE_LENGTH, command_entities, plain_text

TAP_WAIT = 10.0  # seconds within which the bot should answer a tap


def persona_of(name: str) -> Persona:
    """Return the persona with this key, in any case. Raises Refusal (404) where there is none."""
    for persona in PERSONAS:
        if persona.key == name.lower():
            return persona
    raise Refusal(404, f"nobody here is {name!r}")


Wait = Annotated[float, Field(ge=0, le=60)]
User = Annotated[Persona, BeforeValidator(persona_of)]


async def list_personas(chats: Chats) -> Json:
    """Return `{"bot", "personas", "bot_is_in_group"}`: who can be played, with their chats.

    The `version` of a chat grows with every change in it. `role`, `organizations` and `about` are
    as they are now. Where somebody has not `started` the bot or has `blocked` it, it cannot write
    to them; `refused` counts its calls that this has refused.
    """
    memberships = await chats.memberships.read()
    return {
        "bot": chats.bot,
        "personas": [
            {
                "user": persona.key,
                "name": persona.name,
                "user_id": persona.user_id,
                **described(persona, memberships),
                "started": bool(chats.messages(persona.user_id)),
                "blocked": persona.key in chats.faults.blocked,
                "refused": chats.refusals(persona.user_id),
                "chats": [_chat_summary(chats, persona, name) for name in ("private", GROUP)],
            }
            for persona in PERSONAS
        ],
        "bot_is_in_group": chats.group().inside,
    }


def _chat_summary(chats: Chats, persona: Persona, name: str) -> Json:
    """Return the last message of one of a person's chats, and how far the chat has come."""
    id = chats.chat(persona, name)["id"]
    messages = chats.messages(id)
    return {
        "chat": name,
        "id": id,
        "last": plain_text(messages[-1]) if messages else "",
        "version": max((message["version"] for message in messages), default=0),
    }


async def send(
    chats: Chats,
    user: User,
    text: Annotated[str, Field(pattern=r"\S")],
    chat: str = "private",
    topic: int | None = None,
    reply_to: int | None = None,
) -> Json:
    """Send a message as a person; return it, or the first part where the app splits it.

    `reply_to` is the id of the message that it answers. `topic` is one of the group's, by its
    message_thread_id; people write in closed ones, too, as an administrator does.
    """
    where, sender = chats.chat(user, chat), {}
    if chat != "private":
        sender = sender_fields(chats, user.key)
    else:  # to write to a bot again is to unblock it
        block(chats, [each for each in chats.faults.blocked if each != user.key])
        chats.forget_refusals(user.user_id)
    text, messages = text.strip(), []
    for start in range(0, len(text), MAX_MESSAGE_LENGTH):
        part = text[start : start + MAX_MESSAGE_LENGTH]
        content = {**topic_fields(topic), "text": part, **command_entities(part)}
        content |= answer_fields(chats, where["id"], reply_to) | sender
        messages.append(chats.write(where, user_of(user), content))
        if reaches_bot(chats, messages[-1]):
            chats.queue_update("message", messages[-1])
    return messages[0]


def answer_fields(chats: Chats, chat_id: int, reply_to: int | None) -> Json:
    """Return the fields of a message that answers another one, which has no answer inside."""
    if reply_to is None:
        return {}
    answered = chats.message(chat_id, reply_to)
    if answered is None:
        raise Refusal(409, "no such message to reply to")
    fields = {name: value for name, value in answered.items() if name != "reply_to_message"}
    return {"reply_to_message": fields}


async def tap(
    chats: Chats,
    user: User,
    message_id: int,
    button: str,
    chat: str = "private",
    wait: Wait = TAP_WAIT,
) -> Json:
    """Press a button as a person, and wait at most `wait` seconds for the bot's answer.

    Returns `{"answered", "text", "show_alert"}`, or `{"url"}` for a button that opens a page.
    Raises Refusal (409) where the message has no such button.
    """
    where = chats.chat(user, chat)
    message = chats.message(where["id"], message_id) or {}
    rows = message.get("reply_markup", {}).get("inline_keyboard", [])
    pressed = next(
        (key for row in rows for key in row if button in (key.get("callback_data"), key["text"])),
        None,
    )
    if pressed is None:
        raise Refusal(409, "no such button under that message")
    if "url" in pressed:
        return {"url": pressed["url"]}
    id = str(chats.next_number())
    chats.store.put("telegram_tap", id, {"at": time.time()})
    query = {
        "id": id,
        "from": user_of(user),
        "message": message,
        "data": pressed["callback_data"],
        "chat_instance": str(where["id"]),
    }
    chats.queue_update("callback_query", query)
    answer = await chats.wait_for(lambda: chats.store.get("telegram_answer", id), wait)
    return {"answered": bool(answer), **(answer or {"text": "", "show_alert": False})}


async def send_update(chats: Chats, update: Json) -> Json:
    """Queue any update for the bot, under a new id; return `{"update_id"}`."""
    fields = {name: value for name, value in update.items() if name != "update_id"}
    return {"update_id": chats.queue_update_of(fields)}


async def read_chat(
    chats: Chats, user: User, after: int = 0, wait: Wait = 0, chat: str = "private"
) -> Json:
    """Return what a person sees: messages that are new or changed since `after`, oldest first.

    `after` is that of the last answer (0: everything); `wait` is for how many seconds to wait for
    changes. A changed message comes again under its `message_id`, with a higher `version`.
    """

    def chat_id() -> int:  # a group can become another while somebody waits
        return int(chats.chat(user, chat)["id"])

    def newest_version() -> int:
        versioned = [chats.menu(user, chat), *chats.messages(chat_id(), after)]
        return max(int(one["version"]) for one in versioned)

    newer = await chats.wait_for(lambda: max(newest_version() - after, 0), wait)
    messages, listed = chats.messages(chat_id(), after), chats.menu(user, chat)["commands"]
    return {"messages": messages, "after": after + newer, "commands": listed}


async def do_in_group(chats: Chats, user: User, event: GroupEvent, chat: str = GROUP) -> Json:
    """Add the bot to the group as a person, remove it, or make the group a supergroup."""
    group = change_group(chats, user_of(user), chats.chat(user, chat), event)
    return group.model_dump()


async def do_as_member(chats: Chats, user: User, event: MemberEvent) -> Json:
    """Make a person an administrator of the group, an anonymous one, or a member again."""
    change_rank(chats, user.key, event)
    return chats.group().model_dump()


async def change_privacy(chats: Chats, off: bool) -> Json:
    """Turn the bot's privacy in groups off or on; it counts from joining a group on."""
    set_privacy(chats, off)
    return {"off": off}


async def set_faults(chats: Chats, **body: Any) -> Json:
    """Set the faults that the body names, or end all; return those in force."""
    changed = chats.faults.changed_by(body)
    block(chats, changed.blocked)
    chats.faults = changed
    return chats.faults.model_dump()


def block(chats: Chats, blocked: list[Key]) -> None:
    """Have these people block the bot, and all others not; the bot gets an update of each change.

    https://core.telegram.org/bots/api#chatmemberupdated
    """
    before, chats.faults.blocked = chats.faults.blocked, list(blocked)
    if set(before) != set(blocked):
        chats.store.put("telegram_number", "blocked", {"is": [*blocked]})
    for persona in PERSONAS:
        was, is_now = persona.key in before, persona.key in blocked
        if was and not is_now:
            chats.forget_refusals(persona.user_id)
        if was != is_now and chats.messages(persona.user_id):
            change = {
                "chat": chats.chat(persona, "private"),
                "from": user_of(persona),
                "date": int(time.time()),
                "old_chat_member": bot_member(chats, is_blocked=was),
                "new_chat_member": bot_member(chats, is_blocked=is_now),
            }
            chats.queue_update("my_chat_member", change)


def bot_member(chats: Chats, is_blocked: bool) -> Json:
    """Return the bot as a member of a private chat."""
    if is_blocked:
        return {"user": chats.bot, "status": "kicked", "until_date": 0}
    return {"user": chats.bot, "status": "member"}


async def change_topic_of_group(chats: Chats, event: TopicEvent, topic: int | None = None) -> Json:
    """Open, close, open again or delete a topic of the group; return `{"topic"}`."""
    return {"topic": change_topic(chats, topic, event)}


PEOPLE_ROUTES: Routes = {
    ("GET", "/telegram/personas"): list_personas,
    ("POST", "/telegram/send"): send,
    ("POST", "/telegram/tap"): tap,
    ("POST", "/telegram/updates"): send_update,
    ("GET", "/telegram/chat"): read_chat,
    ("POST", "/telegram/groups"): do_in_group,
    ("POST", "/telegram/members"): do_as_member,
    ("POST", "/telegram/privacy"): change_privacy,
    ("POST", "/telegram/topics"): change_topic_of_group,
    ("POST", "/telegram/faults"): set_faults,
}
PAGES = {"/": "chat.html", "/chat": "chat.html"}
PAGES |= {f"/{file.name}": file.name for file in routes.PAGES.glob("chat*.[cj]s*")}
