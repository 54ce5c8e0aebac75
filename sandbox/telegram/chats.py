"""Chats, their messages, and the updates that the bot has not confirmed.

All of it is in the store, so that chats outlive a restart, and a bot that was away gets its
updates. Times are in seconds of the epoch, as everywhere in the Bot API.
"""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Literal, TypeVar

from aiohttp import web
from pydantic import Field

from sandbox.personas import GROUP, GROUP_ID, PERSONAS, Persona
from sandbox.refusals import Refusal, StrictModel
from sandbox.store import Json, Store
from sandbox.telegram.faults import TelegramFaults
from sandbox.telegram.memberships import Memberships

Item = TypeVar("Item")


class Group(StrictModel):
    """The one group of all people, as it is stored.

    `chat` is a Bot API Chat, `inside` whether the bot is a member, `was` are the ids it had before.
    `ranks` are by the key of a persona; who is not in it is a member. `bot_administers` and
    `is_all_read` (privacy was off when the bot joined) let it get every message.
    `topics` says of each, by its message_thread_id, whether one may write there;
    `is_general_open` of the general one, where messages without a topic go.
    """

    chat: Json = Field(default={"id": GROUP_ID, "title": GROUP, "type": "group"})  # a Bot API Chat
    inside: bool = False
    was: list[int] = Field(default=[])
    ranks: dict[str, Literal["creator", "administrator", "anonymous_administrator", "member"]] = (
        Field(default={"ana": "creator"})
    )
    bot_administers: bool = False
    is_all_read: bool = False
    topics: dict[int, bool] = Field(default={})
    is_general_open: bool = True

    def require_open_topic(self, message_thread_id: int | None) -> None:
        """Raise Refusal (400), in Telegram's words, where a topic is closed or deleted.

        https://github.com/tdlib/telegram-bot-api/issues/854
        """
        if message_thread_id is None:
            is_open: bool | None = self.is_general_open
        else:
            is_open = self.topics.get(message_thread_id)
        if is_open is None:
            raise Refusal(400, "message thread not found")
        if not is_open:
            raise Refusal(400, "TOPIC_CLOSED")


class Chats:
    """All chats of one bot. Each change of a message gives it a new, growing `version`."""

    def __init__(
        self, store: Store, bot_token: str, memberships: Memberships | None = None
    ) -> None:
        """Take the store, the bot's token (its id, a colon, a secret), and who reads the roles."""
        self.store = store
        self.memberships = memberships or Memberships()
        self.bot_token = bot_token
        self.bot = {
            "id": int(bot_token.partition(":")[0]),
            "is_bot": True,
            "first_name": "Pursebot (sandbox)",
            "username": "pursebot_sandbox_bot",
        }
        blocked = store.get("telegram_number", "blocked") or {"is": []}
        self.faults = TelegramFaults(blocked=blocked["is"])  # a restart unblocks nobody
        self.polls = 0  # getUpdates that have come; all but the newest end in a conflict
        self._changed = asyncio.Event()

    def wake(self) -> None:
        """Wake everyone who waits, after a new message, update, answer or poll."""
        self._changed.set()
        self._changed = asyncio.Event()

    async def wait_for(self, fetch: Callable[[], Item], seconds: float) -> Item:
        """Return the result of `fetch` once it is true, or its last result after `seconds`."""
        result = fetch()
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while not result:
                    await self._changed.wait()
                    result = fetch()
        return result

    def next_number(self) -> int:
        """Return a new number, greater than all before, also over restarts."""
        last = self.store.get("telegram_number", "last") or {"is": 0}
        self.store.put("telegram_number", "last", {"is": last["is"] + 1})
        return int(last["is"]) + 1

    def chat(self, persona: Persona, name: str) -> Json:
        """Return one of a person's chats as Bot API Chat: "private", or the group's by its title.

        Raises Refusal (404) for another name.
        """
        if name == "private":
            return {"id": persona.user_id, "first_name": persona.name, "type": "private"}
        if name != GROUP:
            raise Refusal(404, f"there is no chat {name!r}")
        return self.group().chat

    def group(self) -> Group:
        """Return the group as it is stored."""
        stored = self.store.get("telegram_group", GROUP)
        return Group() if stored is None else Group.model_validate(stored)

    def keep_group(self, group: Group) -> None:
        """Store the group."""
        self.store.put("telegram_group", GROUP, group.model_dump())

    def reachable(self, chat_id: int) -> Json:
        """Return the chat with this id, as Bot API Chat, if the bot can write to it.

        Raises Refusal where there is no such chat (400), it moved (400, with `migrate_to_chat_id`),
        or its people do not let the bot write (403).
        """
        group = self.group()
        new_ids = {each.chat: each.to for each in self.faults.migrated}
        new_ids |= {old_id: int(group.chat["id"]) for old_id in group.was}
        if chat_id in new_ids:
            message = "group chat was upgraded to a supergroup chat"
            raise Refusal(400, message, migrate_to_chat_id=new_ids[chat_id])
        if chat_id == group.chat["id"]:
            if not group.inside:
                raise Refusal(403, f"bot was kicked from the {group.chat['type']} chat")
            return group.chat
        return self._reachable_private_chat(chat_id)

    def _reachable_private_chat(self, chat_id: int) -> Json:
        """Return a person's private chat, if they began it and do not block the bot."""
        persona = next((each for each in PERSONAS if each.user_id == chat_id), None)
        if persona is None:
            raise Refusal(400, "chat not found")
        if not self.messages(chat_id):
            self._count_refusal(chat_id)
            raise Refusal(403, "bot can't initiate conversation with a user")
        if persona.key in self.faults.blocked:
            self._count_refusal(chat_id)
            raise Refusal(403, "bot was blocked by the user")
        return self.chat(persona, "private")

    def refusals(self, chat_id: int) -> int:
        """Return how many calls of the bot a private chat refused since its person let it write."""
        return int((self.store.get("telegram_refusals", str(chat_id)) or {"is": 0})["is"])

    def forget_refusals(self, chat_id: int) -> None:
        """Count the refusals of a chat from 0 again: the bot may write there now."""
        if self.refusals(chat_id):
            self.store.put("telegram_refusals", str(chat_id), {"is": 0})

    def _count_refusal(self, chat_id: int) -> None:
        self.store.put("telegram_refusals", str(chat_id), {"is": self.refusals(chat_id) + 1})

    def message(self, chat_id: int, message_id: int) -> Json | None:
        """Return the current Bot API Message; None where there is none, or none any more."""
        row = self.store.get(f"telegram_chat:{chat_id}", str(message_id))
        return dict(row["message"]) if row and not row.get("deleted") else None

    def delete(self, message: Json) -> None:
        """Delete a message; people see "(deleted)" in its place."""
        unchanged = {name: message[name] for name in ("message_id", "from", "chat", "date")}
        left = {"version": self.next_number(), "message": {**unchanged, "text": "(deleted)"}}
        kind, id = f"telegram_chat:{message['chat']['id']}", str(message["message_id"])
        self.store.put(kind, id, {**left, "silent": False, "deleted": True})
        self.wake()

    def new_message(self, chat: Json, sender: Json, content: Json) -> Json:
        """Make a Bot API Message that is not shown yet."""
        stamps = {"message_id": self.next_number(), "date": int(time.time())}
        return stamps | {"from": sender, "chat": chat} | content

    def write(self, chat: Json, sender: Json, content: Json, silent: bool = False) -> Json:
        """Write a new message to a chat and return it; `silent`: without a sound."""
        return self.put(self.new_message(chat, sender, content), silent)

    def put(self, message: Json, silent: bool = False) -> Json:
        """Show a message, new or changed, and return it."""
        row = {"version": self.next_number(), "silent": silent, "message": message}
        self.store.put(f"telegram_chat:{message['chat']['id']}", str(message["message_id"]), row)
        self.wake()
        return message

    def messages(self, chat_id: int, after: int = 0) -> list[Json]:
        """Return the messages of a chat that are newer than version `after`, oldest first."""
        rows = [row for _, row in self.store.list(f"telegram_chat:{chat_id}")]
        return [
            {**row["message"], "version": row["version"], "silent": row.get("silent", False)}
            for row in rows
            if row["version"] > after
        ]

    def menu(self, persona: Persona, chat: str) -> Json:
        """Return the menu of commands for a person in a chat: `{"version", "commands"}`.

        https://core.telegram.org/bots/api#determining-list-of-commands
        """
        own = f"chat={persona.user_id}"  # of a private chat, whose id is the person's
        wide = "all_private_chats" if chat == "private" else "all_group_chats"
        scopes = (own, wide, "default") if chat == "private" else (wide, "default")
        names = (f"{scope}:{code}" for scope in scopes for code in (persona.language, ""))
        menus = (self.store.get("telegram_menu", name) for name in names)
        return next(filter(None, menus), {"version": 0, "commands": []})

    def queue_update(self, kind: str, content: Json) -> None:
        """Queue an update for the bot, of one kind: a `message`, a `callback_query`, ..."""
        self.queue_update_of({kind: content})

    def queue_update_of(self, fields: Json) -> int:
        """Queue an update with these fields; return its id."""
        self.store.put("telegram_update", str(self.next_number()), fields)
        self.wake()
        return max(seq for seq, _ in self.store.list("telegram_update"))

    def confirm_updates(self, up_to: int) -> None:
        """Forget all updates up to this id; repeating it changes nothing."""
        if up_to > self._confirmed():
            self.store.put("telegram_number", "confirmed", {"is": up_to})

    def pending_updates(self) -> list[Json]:
        """Return the updates that the bot has not confirmed, oldest first."""
        pending = self.store.list("telegram_update", after=self._confirmed())
        return [{"update_id": seq, **update} for seq, update in pending]

    def _confirmed(self) -> int:
        """Return the id of the last update that the bot confirmed, 0 for none."""
        confirmed = self.store.get("telegram_number", "confirmed") or {"is": 0}
        return int(confirmed["is"])


def user_of(persona: Persona) -> Json:
    """Return a persona as Bot API User."""
    user = {"id": persona.user_id, "is_bot": False, "first_name": persona.name}
    return user | {"language_code": persona.language}


CHATS = web.AppKey("chats", Chats)
