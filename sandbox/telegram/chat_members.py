"""What a bot asks about a chat and its people.

https://core.telegram.org/bots/api#getchat, https://core.telegram.org/bots/api#getchatmember
"""

from typing import Literal

from sandbox.personas import PERSONAS
from sandbox.refusals import Refusal
from sandbox.store import Json
from sandbox.telegram.chats import Chats, user_of

# https://core.telegram.org/bots/api#sendchataction
Action = Literal[
    "typing", "upload_photo", "record_video", "upload_video", "record_voice", "upload_voice",
    "upload_document", "choose_sticker", "find_location", "record_video_note", "upload_video_note",
]  # fmt: skip
GIFTS = (
    "unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription",
    "gifts_from_channels",
)  # fmt: skip
CREATOR = "ana"  # who made the group of all


async def get_chat(chats: Chats, *, chat_id: int) -> Json:
    """Return a chat in full (https://core.telegram.org/bots/api#chatfullinfo)."""
    full = {
        "accent_color_id": 0,
        "max_reaction_count": 11,
        "accepted_gift_types": dict.fromkeys(GIFTS, False),
    }
    return chats.reachable(chat_id) | full


async def get_chat_member(chats: Chats, *, chat_id: int, user_id: int) -> Json:
    """Return a person or the bot as a member of a chat.

    https://core.telegram.org/bots/api#chatmember. Raises Refusal (400) for anybody else.
    """
    chat = chats.reachable(chat_id)
    if user_id == chats.bot["id"]:
        return {"user": chats.bot, "status": "member"}
    if user_id <= 0:
        raise Refusal(400, "invalid user_id specified")
    persona = next((each for each in PERSONAS if each.user_id == user_id), None)
    if persona is None:
        raise Refusal(400, "user not found")
    if chat["type"] == "private" and chat["id"] != user_id:
        raise Refusal(400, "member not found")
    if chat["type"] != "private" and persona.key == CREATOR:
        return {"user": user_of(persona), "status": "creator", "is_anonymous": False}
    return {"user": user_of(persona), "status": "member"}


async def send_chat_action(
    chats: Chats, *, chat_id: int, action: Action, message_thread_id: int | None = None
) -> bool:
    """Say what the bot is doing, for a few seconds; the page does not show it."""
    chats.reachable(chat_id)
    return True
