"""What stands in each chat, who sees it, and what the bot has still to hear of.

Everything is in the store, so a chat outlives a restart and a bot that was down for an hour still
gets its updates. Times are Unix seconds, as everywhere in the Bot API.
"""

import asyncio
import time

from sandbox.personas import Persona, persona_of_chat
from sandbox.store import Json, Store
from sandbox.telegram_errors import Refused
from sandbox.telegram_faults import Faults

UPDATES_KEPT = 24 * 3600  # https://core.telegram.org/bots/api#getting-updates


class Bell:
    """Wakes everyone who waits for news; once hung up, nobody waits any more."""

    def __init__(self) -> None:
        self._rung = asyncio.Event()
        self._hung_up = False

    def ring(self) -> None:
        """Something changed: a message, an update, an answer."""
        self._rung.set()
        if not self._hung_up:
            self._rung = asyncio.Event()

    def hang_up(self) -> None:
        """The sandbox is closing: let all who wait go."""
        self._hung_up = True
        self.ring()

    async def wait(self, deadline: float) -> bool:
        """True when rung before `deadline` (the loop's clock), False when it is time to answer."""
        try:
            async with asyncio.timeout_at(deadline):
                await self._rung.wait()
        except TimeoutError:
            return False
        return not self._hung_up


class Chats:
    """All chats of one bot. Each change to a message gives it a new, growing `version`."""

    def __init__(self, store: Store, bot_token: str) -> None:
        self.store = store
        self.bot_token = bot_token
        self.bot = {
            "id": int(bot_token.partition(":")[0]),
            "is_bot": True,
            "first_name": "Pursebot (sandbox)",
            "username": "pursebot_sandbox_bot",
        }
        self.faults = Faults()
        self.bell = Bell()
        self.newest_poll = 0  # which getUpdates came last; earlier ones end in a conflict
        self.sent_at: list[float] = []  # the bot's messages of the last second

    def number(self, name: str) -> int:
        """The last number used under this name, 0 when none was; remembered over restarts."""
        return int((self.store.get("telegram_number", name) or {"is": 0})["is"])

    def set_number(self, name: str, number: int) -> int:
        """Remember a number."""
        self.store.put("telegram_number", name, {"is": number})
        return number

    def next_number(self, name: str) -> int:
        """A number never used before under this name, and greater than all before."""
        return self.set_number(name, self.number(name) + 1)

    def reachable(self, chat_id: str) -> Persona:
        """Whom the bot writes to in this chat.

        `Refused`: there is no such chat, it moved, or its person does not let the bot write.
        """
        if not chat_id:
            raise Refused(400, "chat_id is empty")
        number = int(chat_id) if chat_id.removeprefix("-").isdecimal() else 0
        if moved_to := self.faults.moved_to(number):
            why = "group chat was upgraded to a supergroup chat"
            raise Refused(400, why, migrate_to_chat_id=moved_to)
        persona = persona_of_chat(number)
        if persona is None:
            raise Refused(400, "chat not found")
        if not self.seen(number):
            raise Refused(403, "bot can't initiate conversation with a user")
        if persona.key in self.faults.blocked:
            raise Refused(403, "bot was blocked by the user")
        return persona

    def message(self, chat_id: int, message_id: int) -> Json | None:
        """The Bot API Message as it stands now."""
        row = self.store.get(f"telegram_chat:{chat_id}", str(message_id))
        return row and dict(row["message"])

    def write(self, persona: Persona, sender: Json, content: Json) -> Json:
        """A new message in the private chat with this person."""
        stamps = {"message_id": self.next_number("message"), "date": int(time.time())}
        chat = {"id": persona.user_id, "first_name": persona.name, "type": "private"}
        return self.put(stamps | {"from": sender, "chat": chat} | content)

    def put(self, message: Json) -> Json:
        """A message, new or changed, as everyone sees it from now on."""
        row = {"version": self.next_number("version"), "message": message}
        chat_id, message_id = message["chat"]["id"], message["message_id"]
        self.store.put(f"telegram_chat:{chat_id}", str(message_id), row)
        self.bell.ring()
        return message

    def seen(self, chat_id: int, after: int = 0) -> list[Json]:
        """The messages of a chat that are newer than version `after`, oldest message first."""
        rows = [row for _, row in self.store.list(f"telegram_chat:{chat_id}")]
        return [
            {**row["message"], "version": row["version"]} for row in rows if row["version"] > after
        ]

    def queue_update(self, kind: str, content: Json) -> None:
        """Something for the bot to hear of, unless it asked not to."""
        allowed = (self.store.get("telegram_setting", "allowed_updates") or {}).get("kinds")
        if not allowed or kind in allowed:
            update = {"update_id": self.next_number("update"), kind: content}
            row = {"at": time.time(), "update": update}
            self.store.put("telegram_update", str(update["update_id"]), row)
            self.bell.ring()

    def pending_updates(self, offset: int) -> list[Json]:
        """What the bot has not confirmed, oldest first; confirms all updates before `offset`."""
        waiting = list(self.store.list("telegram_update", after=self.number("confirmed")))
        if done := [place for place, row in waiting if row["update"]["update_id"] < offset]:
            self.set_number("confirmed", done[-1])
        kept = [row["update"] for _, row in waiting if row["at"] > time.time() - UPDATES_KEPT]
        return [update for update in kept if update["update_id"] >= offset]


def person(persona: Persona) -> Json:
    """A persona as Bot API User."""
    user = {"id": persona.user_id, "is_bot": False, "first_name": persona.name}
    return user | {"language_code": persona.language_code}
