"""The Bot API methods of the sandbox, as one table at the end of the file.

A function's signature lists what the method takes here: a missing or wrong parameter is a 400, any
other one a 501. Objects come as JSON text. Methods of the Bot API that are not in the table are a
501, and what is no method of it a 404. https://core.telegram.org/bots/api#available-methods
"""

import re
import time
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import pydantic
from pydantic import AfterValidator, Field, model_validator

from sandbox.refusals import Refusal, StrictModel, not_modelled, validated
from sandbox.store import Json
from sandbox.telegram.chat_members import get_chat, get_chat_member, send_chat_action
from sandbox.telegram.chats import Chats
from sandbox.telegram.documents import send_document
from sandbox.telegram.groups import is_privacy_off
from sandbox.telegram.messages import delete_message, edit_message_text, send_message
from sandbox.telegram.parameters import clamped
from sandbox.telegram.webhook import delete_webhook, get_webhook_info, set_webhook, webhook_of

MAX_POLL_SECONDS = 50
MAX_COMMANDS = 100
MAX_ANSWER_LENGTH = 200  # characters
NAMES = Path(__file__).with_name("bot_api_methods.txt").read_text().split()  # of all methods
COMMAND_NAME = re.compile("[a-z0-9_]{1,32}")


class Command(StrictModel):
    """A line of the menu (https://core.telegram.org/bots/api#botcommand)."""

    command: str
    description: str

    @model_validator(mode="after")
    def is_allowed(self) -> Self:
        """Refuse what Telegram's menu does not take."""
        if not COMMAND_NAME.fullmatch(self.command.removeprefix("/")):
            raise Refusal(400, "BOT_COMMAND_INVALID")
        if not 1 <= len(self.description) <= 256:
            raise Refusal(400, "BOT_COMMAND_DESCRIPTION_INVALID")
        return self


PollSeconds = Annotated[int, AfterValidator(partial(clamped, least=0, most=MAX_POLL_SECONDS))]


class Scope(StrictModel):
    """The chats of a menu (https://core.telegram.org/bots/api#botcommandscope)."""

    type: Literal["default", "all_private_chats", "all_group_chats", "chat"]
    chat_id: int | None = None

    @property
    def name(self) -> str:
        """The key under which its menu is stored."""
        return self.type if self.chat_id is None else f"{self.type}={self.chat_id}"


async def get_me(chats: Chats) -> Json:
    """Return the bot's own User, with what only this method tells.

    https://core.telegram.org/bots/api#user: `can_read_all_group_messages` where privacy is off.
    """
    return chats.bot | {
        "can_join_groups": True,
        "can_read_all_group_messages": is_privacy_off(chats),
        "supports_inline_queries": False,
    }


async def get_updates(
    chats: Chats,
    *,
    offset: int = 0,
    limit: Annotated[int, AfterValidator(partial(clamped, least=1, most=100))] = 100,
    timeout: PollSeconds = 0,  # noqa: ASYNC109 (it is the API's)
    allowed_updates: pydantic.Json[list[str]] | None = None,
) -> list[Json]:
    """Return pending updates, after at most `timeout` seconds; a later call ends this one with 409.

    An `offset` below 0 counts from the end of the queue; those before it are forgotten.
    https://core.telegram.org/bots/api#getupdates
    """
    if webhook_of(chats).url:
        raise Refusal(
            409,
            "can't use getUpdates method while webhook is active; use deleteWebhook to delete the"
            " webhook first",
        )
    chats.polls += 1
    this_poll = chats.polls
    chats.wake()

    def fetch() -> list[Json]:
        if this_poll != chats.polls:
            raise Refusal(
                409,
                "terminated by other getUpdates request; make sure that only one bot instance is"
                " running",
            )
        chats.confirm_updates(offset - 1)
        updates = chats.pending_updates()
        if offset < 0 and updates[:offset]:
            chats.confirm_updates(updates[offset]["update_id"] - 1)
            updates = updates[offset:]
        allowed = {*(allowed_updates or ())}
        return [each for each in updates if not allowed or each.keys() & allowed]

    return (await chats.wait_for(fetch, timeout))[:limit]


async def answer_callback_query(
    chats: Chats,
    *,
    callback_query_id: str,
    text: str = "",
    show_alert: bool = False,
    cache_time: int = 0,
) -> bool:
    """Answer a tap, once and in time; the person sees `text` as a toast or an alert.

    https://core.telegram.org/bots/api#answercallbackquery
    """
    if len(text) > MAX_ANSWER_LENGTH:
        raise Refusal(400, "MESSAGE_TOO_LONG")
    tap = chats.store.get("telegram_tap", callback_query_id)
    answered = chats.store.get("telegram_answer", callback_query_id)
    if tap is None or answered or tap["at"] < time.time() - chats.faults.answer_within:
        raise Refusal(400, "query is too old and response timeout expired or query ID is invalid")
    answer = {"text": text, "show_alert": show_alert}
    chats.store.put("telegram_answer", callback_query_id, answer)
    chats.wake()
    return True


async def set_my_commands(
    chats: Chats,
    *,
    commands: pydantic.Json[list[Command]],
    scope: pydantic.Json[Scope] | None = None,
    language_code: Annotated[str, Field(pattern="^([a-z]{2})?$")] = "",
) -> bool:
    """Set the menu of these chats, in apps of this language ("": any other).

    https://core.telegram.org/bots/api#setmycommands
    """
    if len(commands) > MAX_COMMANDS:
        raise Refusal(400, "BOT_COMMANDS_TOO_MUCH")
    listed = [
        {"command": each.command.removeprefix("/"), "description": each.description}
        for each in commands
    ]
    menu = {"version": chats.next_number(), "commands": listed}
    where = scope.name if scope else "default"
    chats.store.put("telegram_menu", f"{where}:{language_code}", menu)
    chats.wake()
    return True


Method = Callable[..., Awaitable[Any]]
METHODS: dict[str, Method] = {
    "getme": validated(get_me),
    "getupdates": validated(get_updates),
    "setwebhook": validated(set_webhook),
    "getwebhookinfo": validated(get_webhook_info),
    "deletewebhook": validated(delete_webhook),
    "sendmessage": validated(send_message),
    "senddocument": validated(send_document),
    "editmessagetext": validated(edit_message_text),
    "deletemessage": validated(delete_message),
    "answercallbackquery": validated(answer_callback_query),
    "setmycommands": validated(set_my_commands),
    "sendchataction": validated(send_chat_action),
    "getchat": validated(get_chat),
    "getchatmember": validated(get_chat_member),
}


def method_named(name: str) -> Method:
    """Return a method by its name, in any case. Raises Refusal: 501, or 404 as Telegram does."""
    if name.lower() in METHODS:
        return METHODS[name.lower()]
    if name.lower() in (each.lower() for each in NAMES):
        raise not_modelled(f"the method {name}")
    raise Refusal(404, "")
