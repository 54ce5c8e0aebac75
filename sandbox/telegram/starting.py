"""The people's routes of how a chat with the bot begins and ends: links, START, blocking."""

from dataclasses import asdict
from typing import Annotated

from pydantic import Field

from sandbox.personas import Key
from sandbox.refusals import Refusal
from sandbox.routes import Routes
from sandbox.store import Json
from sandbox.telegram.chats import Chats, user_of
from sandbox.telegram.groups import change_group
from sandbox.telegram.links import PAYLOAD, WRONG_PAYLOAD, destination_of
from sandbox.telegram.people import User, block
from sandbox.telegram.text import command_entities


async def get_destination(chats: Chats, url: Annotated[str, Field(max_length=2000)]) -> Json:
    """Return what a link of Telegram's opens: the fields of its `Destination`."""
    return asdict(destination_of(url, str(chats.bot["username"])))


async def start(chats: Chats, user: User, payload: str = "", chat: str = "private") -> Json:
    """Press START as a person, after a link with this start parameter; return their message.

    The person sees `/start`; the bot gets `/start PAYLOAD`, in a group `/start@bot PAYLOAD`, where
    it is added first. Without a parameter it is only added. Raises Refusal (400) for a parameter
    that Telegram does not pass on.
    https://core.telegram.org/bots/features#deep-linking
    """
    if payload and not PAYLOAD.fullmatch(payload):
        raise Refusal(400, WRONG_PAYLOAD)
    where, command = chats.chat(user, chat), "/start"
    if chat == "private":
        set_blocked(chats, user.key, blocked=False)
        chats.forget_refusals(user.user_id)
    else:
        command += f"@{chats.bot['username']}"
        if not chats.group().inside:
            where = change_group(chats, user_of(user), where, "add_bot").chat
        if not payload:
            return {"chat": where}
    shown = chats.write(where, user_of(user), {"text": command, **command_entities(command)})
    chats.queue_update("message", shown | {"text": f"{command} {payload}".strip()})
    return shown


async def set_block(chats: Chats, user: User, blocked: bool) -> Json:
    """Block or unblock the bot as a person; return `{"blocked"}`.

    Raises Refusal (409) where the person has no chat with the bot yet: there is nobody to block.
    """
    if blocked and not chats.messages(user.user_id):
        raise Refusal(409, f"{user.name} has no chat with the bot yet")
    set_blocked(chats, user.key, blocked)
    return {"blocked": blocked}


def set_blocked(chats: Chats, key: Key, blocked: bool) -> None:
    """Have the persona with this key block the bot or not; repeating it changes nothing."""
    others = [each for each in chats.faults.blocked if each != key]
    block(chats, [*others, key] if blocked else others)


START_ROUTES: Routes = {
    ("GET", "/telegram/link"): get_destination,
    ("POST", "/telegram/start"): start,
    ("POST", "/telegram/block"): set_block,
}
# A link of Telegram's, written with the sandbox's address in front, opens the chat page.
START_PAGES = {"/t.me/{path:.*}": "chat.html"}
