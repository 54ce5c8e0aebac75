"""The group: which messages reach the bot, its membership, and migration to a supergroup."""

import time
from typing import Literal

from sandbox.refusals import Refusal
from sandbox.store import Json
from sandbox.telegram.chats import Chats, Group
from sandbox.telegram.group_members import administrator

GroupEvent = Literal[
    "add_bot", "remove_bot", "migrate", "promote_bot", "demote_bot", "hear_another_bot"
]
TopicEvent = Literal["open", "close", "reopen", "delete"]
SUPERGROUPS = -1_000_000_000_000  # their ids lie below: https://core.telegram.org/api/bots/ids
ANOTHER_BOT: Json = {
    "id": 777_001,
    "is_bot": True,
    "first_name": "Another bot",
    "username": "another_bot",
}


def reaches_bot(chats: Chats, message: Json) -> bool:
    """Return whether the bot gets a person's message.

    In a group it gets all where it is an administrator, or where its privacy was off when it
    joined. Else it gets replies to it, commands that name it (/balance@its_name), and commands that
    name no bot where no other bot was the last to send a message; a reply to another bot is that
    one's. https://core.telegram.org/bots/features#privacy-mode,
    https://core.telegram.org/bots/faq#what-messages-will-my-bot-get
    """
    if message["chat"]["type"] == "private":
        return True
    group, bot_id = chats.group(), chats.bot["id"]
    if not group.inside or group.bot_administers or group.is_all_read:
        return group.inside
    answered = message.get("reply_to_message")
    if answered and is_from_a_bot(answered):
        return bool(answered["from"]["id"] == bot_id)
    if "entities" not in message:
        return False
    named_bot = message["text"].split()[0].partition("@")[2].lower()
    return named_bot == chats.bot["username"] if named_bot else last_bot(chats) == bot_id


def is_from_a_bot(message: Json) -> bool:
    """Return whether a bot wrote this; who remains anonymous is none, though `from` is one."""
    return bool(message["from"]["is_bot"]) and "sender_chat" not in message


def last_bot(chats: Chats) -> int | None:
    """Return the id of the bot that was the last to send a message to the group."""
    group = chats.group()
    written = [
        message
        for chat_id in (*group.was, int(group.chat["id"]))
        for message in chats.messages(chat_id)
        if is_from_a_bot(message)
    ]
    newest = max(written, key=lambda message: int(message["message_id"]), default=None)
    return None if newest is None else int(newest["from"]["id"])


def is_privacy_off(chats: Chats) -> bool:
    """Return what @BotFather has stored of the bot: whether it may get all messages of groups."""
    return bool((chats.store.get("telegram_bot", "privacy") or {}).get("off", False))


def set_privacy(chats: Chats, is_off: bool) -> None:
    """Turn the bot's privacy in groups off or on, as with @BotFather; it counts from joining on."""
    chats.store.put("telegram_bot", "privacy", {"off": is_off})


def change_group(chats: Chats, by: Json, chat: Json, event: GroupEvent) -> Group:
    """Change the bot's place in its group, or make the group a supergroup; return the group.

    `by` is the Bot API User who does that. The bot gets updates about it
    (https://core.telegram.org/bots/api#chatmemberupdated). Raises Refusal (409) where it is not
    possible. `hear_another_bot`: another bot sends a message.
    """
    group = chats.group()
    if event == "hear_another_bot":
        chats.write(chat, ANOTHER_BOT, {"text": "This is another bot."})
        return group
    if group.inside == (event == "add_bot"):
        raise Refusal(409, "the bot is in that group already, or not in it")
    old = bot_status(group)
    if event == "migrate":
        group.chat, group.was = _migrate(chats, by, chat), [chat["id"]]
        old = "left"  # it joins the supergroup and never leaves the group: telegram-bot-api #266
    elif event == "add_bot":
        group.is_all_read = is_privacy_off(chats)
    group.inside = event != "remove_bot"
    group.bot_administers = group.inside and (
        event == "promote_bot" or (group.bot_administers and event != "demote_bot")
    )
    chats.keep_group(group)
    change = {
        "chat": group.chat,
        "from": by,
        "date": int(time.time()),
        "old_chat_member": bot_member(chats, old),
        "new_chat_member": bot_member(chats, bot_status(group)),
    }
    chats.queue_update("my_chat_member", change)
    return group


def bot_status(group: Group) -> str:
    """Return what the bot is in the group."""
    if not group.inside:
        return "left"
    return "administrator" if group.bot_administers else "member"


def bot_member(chats: Chats, status: str) -> Json:
    """Return the bot as a member of the group."""
    if status != "administrator":
        return {"user": chats.bot, "status": status}
    return administrator(chats.bot)


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
