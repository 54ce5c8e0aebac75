"""Who administers the group, and who remains anonymous there.

https://core.telegram.org/bots/api#chatmember
"""

from typing import Literal

from sandbox.store import Json
from sandbox.telegram.chats import Chats

MemberEvent = Literal["promote", "promote_anonymously", "demote"]
# What somebody is in the group after an event. Ana has made the group.
RANKS: dict[MemberEvent, Literal["administrator", "anonymous_administrator", "member"]] = {
    "promote": "administrator",
    "promote_anonymously": "anonymous_administrator",
    "demote": "member",
}
RIGHTS = (
    "can_manage_chat", "can_delete_messages", "can_manage_video_chats", "can_restrict_members",
    "can_promote_members", "can_change_info", "can_invite_users", "can_post_stories",
    "can_edit_stories", "can_delete_stories", "can_send_welcome_messages",
)  # fmt: skip
# Writes in place of whoever remains anonymous: https://core.telegram.org/bots/api#message, `from`.
ANONYMOUS_SENDER: Json = {
    "id": 1087968824,
    "is_bot": True,
    "first_name": "Group",
    "username": "GroupAnonymousBot",
}


def member(user: Json) -> Json:
    """Return somebody without rights (https://core.telegram.org/bots/api#chatmembermember)."""
    return {"user": user, "status": "member"}


def administrator(user: Json, is_anonymous: bool = False) -> Json:
    """Return somebody with all rights (https://core.telegram.org/bots/api#chatmemberadministrator)."""
    facts = {"user": user, "status": "administrator", "can_be_edited": False}
    return facts | dict.fromkeys(RIGHTS, True) | {"is_anonymous": is_anonymous}


def change_rank(chats: Chats, persona_key: str, event: MemberEvent) -> None:
    """Make somebody an administrator of the group, an anonymous one, or a member."""
    group = chats.group()
    group.ranks[persona_key] = RANKS[event]
    chats.keep_group(group)


def sender_fields(chats: Chats, persona_key: str) -> Json:
    """Return the fields of a message of somebody who remains anonymous in the group, else none."""
    group = chats.group()
    if group.ranks.get(persona_key) != "anonymous_administrator":
        return {}
    return {"from": ANONYMOUS_SENDER, "sender_chat": group.chat}
