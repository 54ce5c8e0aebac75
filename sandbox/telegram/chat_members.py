"""What a bot asks about a chat and its people.

https://core.telegram.org/bots/api#getchat, https://core.telegram.org/bots/api#getchatmember
"""

from typing import Literal

from sandbox.personas import PERSONAS
from sandbox.refusals import Refusal
from sandbox.store import Json
from sandbox.telegram.chats import Chats, user_of
from sandbox.telegram.group_members import administrator, member

# https://core.telegram.org/bots/api#sendchataction
Action = Literal[
    "typing", "upload_photo", "record_video", "upload_video", "record_voice", "upload_voice",
    "upload_document", "choose_sticker", "find_location", "record_video_note", "upload_video_note",
]  # fmt: skip
GIFTS = (
    "unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription",
    "gifts_from_channels",
)  # fmt: skip


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

    https://core.telegram.org/bots/api#chatmember. Raises Refusal (400) for anybody else. That an
    administrator is one who remains anonymous, only administrators are told: see `can_manage_chat`
    in https://core.telegram.org/bots/api#chatmemberadministrator.
    """
    chat, group = chats.reachable(chat_id), chats.group()
    is_private = chat["type"] == "private"
    if user_id == chats.bot["id"]:
        is_administrator = group.bot_administers and not is_private
        return administrator(chats.bot) if is_administrator else member(chats.bot)
    if user_id <= 0:
        raise Refusal(400, "invalid user_id specified")
    persona = next((each for each in PERSONAS if each.user_id == user_id), None)
    if persona is None:
        raise Refusal(400, "user not found")
    if is_private and chat["id"] != user_id:
        raise Refusal(400, "member not found")
    user, rank = user_of(persona), group.ranks.get(persona.key, "member")
    if is_private or rank == "member":
        return member(user)
    if rank == "creator":
        return {"user": user, "status": "creator", "is_anonymous": False}
    if rank == "anonymous_administrator" and not group.bot_administers:
        return member(user)
    return administrator(user, is_anonymous=rank == "anonymous_administrator")


async def send_chat_action(
    chats: Chats, *, chat_id: int, action: Action, message_thread_id: int | None = None
) -> bool:
    """Say what the bot is doing, for a few seconds; the page does not show it."""
    chats.reachable(chat_id)
    return True
