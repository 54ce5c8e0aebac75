"""What a group is to a bot: it hears of little, comes and goes, and the id can change."""

import time
from typing import Literal

from sandbox.doors import Refusal
from sandbox.personas import GROUP
from sandbox.store import Json
from sandbox.telegram_chats import Chats

GroupEvent = Literal["add_bot", "remove_bot", "migrate"]
SUPERGROUPS = -1_000_000_000_000  # their ids lie below: https://core.telegram.org/api/bots/ids


def hears(chats: Chats, message: Json) -> bool:
    """Whether the bot is told of what a person wrote; in a group only of commands for it.

    https://core.telegram.org/bots/features#privacy-mode
    """
    if message["chat"]["type"] == "private":
        return True
    named = message["text"].split()[0].partition("@")[2]
    return (
        chats.group()["inside"]
        and "entities" in message
        and named.lower() in ("", chats.bot["username"])
    )


def change_group(chats: Chats, by: Json, chat: Json, event: GroupEvent) -> Json:
    """Something happens to the bot's group; answers it as it is then. `Refusal`: it cannot."""
    group = chats.group()
    if event == "migrate":
        if not group["inside"] or chat["type"] == "supergroup":
            raise Refusal(409, "only a group with the bot in it, and only once")
        new = {"id": SUPERGROUPS + chat["id"], "title": chat["title"], "type": "supergroup"}
        group = {"chat": new, "inside": True, "was": [chat["id"]]}
        chats.store.put("telegram_group", GROUP, group)
        left = chats.new_message(chat, by, {"migrate_to_chat_id": new["id"]})
        begun = chats.new_message(new, by, {"migrate_from_chat_id": chat["id"]})
        for message in (left, begun):
            chats.queue_update("message", message)
        # The bot joins the new one and never leaves the old: tdlib/telegram-bot-api issue 266.
        tell_presence(chats, by, new, joined=True)
        return group
    if group["inside"] == (event == "add_bot"):
        raise Refusal(409, "the bot is in that group already, or not in it")
    group["inside"] = event == "add_bot"
    chats.store.put("telegram_group", GROUP, group)
    tell_presence(chats, by, chat, joined=group["inside"])
    return group


def tell_presence(chats: Chats, by: Json, chat: Json, joined: bool) -> None:
    """The bot hears that it came or went: https://core.telegram.org/bots/api#chatmemberupdated."""
    old, new = ({"user": chats.bot, "status": status} for status in ("left", "member"))
    if not joined:
        old, new = new, old
    happened = {"chat": chat, "from": by, "date": int(time.time())}
    chats.queue_update(
        "my_chat_member", happened | {"old_chat_member": old, "new_chat_member": new}
    )
