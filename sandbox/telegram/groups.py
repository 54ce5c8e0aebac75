"""The group: which messages reach the bot, its membership, and migration to a supergroup."""

import time
from typing import Literal

from sandbox.refusals import Refusal
from sandbox.store import Json
from sandbox.telegram.chats import Chats, Group

GroupEvent = Literal["add_bot", "remove_bot", "migrate"]
TopicEvent = Literal["open", "close", "reopen", "delete"]
SUPERGROUPS = -1_000_000_000_000  # their ids lie below: https://core.telegram.org/api/bots/ids


def reaches_bot(chats: Chats, message: Json) -> bool:
    """Return whether the bot gets a person's message; in a group only commands for it.

    https://core.telegram.org/bots/features#privacy-mode
    """
    if message["chat"]["type"] == "private":
        return True
    bot_name = message["text"].split()[0].partition("@")[2].lower()
    is_for_it = "entities" in message and bot_name in ("", chats.bot["username"])
    return is_for_it and chats.group().inside


def change_group(chats: Chats, by: Json, chat: Json, event: GroupEvent) -> Group:
    """Add the bot to its group, remove it, or make the group a supergroup; return the group.

    `by` is the Bot API User who does that. The bot gets updates about it
    (https://core.telegram.org/bots/api#chatmemberupdated). Raises Refusal (409) where it is not
    possible.
    """
    group = chats.group()
    if group.inside == (event == "add_bot"):
        raise Refusal(409, "the bot is in that group already, or not in it")
    if event == "migrate":
        group.chat, group.was = _migrate(chats, by, chat), [chat["id"]]
    # It joins the supergroup and never leaves the group: tdlib/telegram-bot-api issue 266.
    group.inside = event != "remove_bot"
    chats.keep_group(group)
    old, new = ("left", "member") if group.inside else ("member", "left")
    change = {
        "chat": group.chat,
        "from": by,
        "date": int(time.time()),
        "old_chat_member": {"user": chats.bot, "status": old},
        "new_chat_member": {"user": chats.bot, "status": new},
    }
    chats.queue_update("my_chat_member", change)
    return group


def change_topic(chats: Chats, topic: int | None, event: TopicEvent) -> int | None:
    """Open, close, open again or delete a topic of the group; return it, None for the general one.

    Without `topic` a new one is opened, and the general one is closed or opened again. The group is
    a forum from then on. Raises Refusal (409) where it has no such topic, or cannot have topics.
    https://core.telegram.org/bots/api#forumtopic
    """
    group = chats.group()
    if group.chat["type"] != "supergroup":
        raise Refusal(409, "only a supergroup has topics")
    group.chat["is_forum"] = True
    if event == "open":
        topic = chats.next_number()
        group.topics[topic] = True
    elif topic is None and event != "delete":
        group.is_general_open = event == "reopen"
    elif topic not in group.topics:
        raise Refusal(409, "the group has no such topic")
    elif event == "delete":
        del group.topics[topic]
    else:
        group.topics[topic] = event == "reopen"
    chats.keep_group(group)
    return topic


def _migrate(chats: Chats, by: Json, chat: Json) -> Json:
    """Queue the two messages of a group that becomes a supergroup; return the new chat."""
    if chat["type"] == "supergroup":
        raise Refusal(409, "only a group, and only once")
    new = {"id": SUPERGROUPS + chat["id"], "title": chat["title"], "type": "supergroup"}
    last_message = chats.new_message(chat, by, {"migrate_to_chat_id": new["id"]})
    first_message = chats.new_message(new, by, {"migrate_from_chat_id": chat["id"]})
    for message in (last_message, first_message):
        chats.queue_update("message", message)
    return new
