"""What a group is to a bot: it hears of little, comes and goes, and the id can change."""

import time
from typing import Literal

from sandbox.personas import GROUP
from sandbox.refusals import Refusal
from sandbox.store import Json
from sandbox.telegram.chats import Chats

GroupEvent = Literal["add_bot", "remove_bot", "migrate"]
SUPERGROUPS = -1_000_000_000_000  # their ids lie below: https://core.telegram.org/api/bots/ids


def hears(chats: Chats, message: Json) -> bool:
    """Whether the bot is told of what a person wrote; in a group only of commands for it.

    https://core.telegram.org/bots/features#privacy-mode
    """
    if message["chat"]["type"] == "private":
        return True
    named = message["text"].split()[0].partition("@")[2].lower()
    is_for_it = "entities" in message and named in ("", chats.bot["username"])
    return is_for_it and chats.group()["inside"]


def change_group(chats: Chats, by: Json, chat: Json, event: GroupEvent) -> Json:
    """Something happens to the bot's group; answers it as it is then. `Refusal`: it cannot.

    The bot hears of it: https://core.telegram.org/bots/api#chatmemberupdated.
    """
    group = chats.group()
    if group["inside"] == (event == "add_bot"):
        raise Refusal(409, "the bot is in that group already, or not in it")
    if event == "migrate":
        if chat["type"] == "supergroup":
            raise Refusal(409, "only a group, and only once")
        new = {"id": SUPERGROUPS + chat["id"], "title": chat["title"], "type": "supergroup"}
        left = chats.new_message(chat, by, {"migrate_to_chat_id": new["id"]})
        begun = chats.new_message(new, by, {"migrate_from_chat_id": chat["id"]})
        for message in (left, begun):
            chats.queue_update("message", message)
        group |= {"chat": new, "was": [chat["id"]]}
    # It joins the supergroup and never leaves the group: tdlib/telegram-bot-api issue 266.
    group["inside"] = event != "remove_bot"
    chats.store.put("telegram_group", GROUP, group)
    statuses = ("left", "member") if group["inside"] else ("member", "left")
    old, now = ({"user": chats.bot, "status": status} for status in statuses)
    happened = {"chat": group["chat"], "from": by, "date": int(time.time())}
    happened |= {"old_chat_member": old, "new_chat_member": now}
    chats.queue_update("my_chat_member", happened)
    return group
