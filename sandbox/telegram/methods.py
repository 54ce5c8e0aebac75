"""The Bot API methods of the sandbox, as one table at the end of the file.

A function's signature lists what the method takes here: a missing or wrong parameter is a 400, any
other one a 501. Objects come as JSON text inside a form.
https://core.telegram.org/bots/api#available-methods
"""

import time
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Literal

import pydantic
from pydantic import Field

from sandbox.refusals import Refusal, StrictModel, validated
from sandbox.store import Json
from sandbox.telegram.chats import Chats
from sandbox.telegram.messages import (
    delete_message,
    edit_message_text,
    send_document,
    send_message,
)
from sandbox.telegram.webhook import delete_webhook, get_webhook_info, set_webhook, webhook_of

MAX_POLL_SECONDS = 50


class Command(StrictModel):
    """A line of the menu (https://core.telegram.org/bots/api#botcommand)."""

    command: str = Field(pattern="^[a-z0-9_]{1,32}$")
    description: str = Field(min_length=1, max_length=256)


class Scope(StrictModel):
    """The chats of a menu (https://core.telegram.org/bots/api#botcommandscope)."""

    type: Literal["default", "all_group_chats", "chat"]
    chat_id: int | None = None

    @property
    def name(self) -> str:
        """The key under which its menu is stored."""
        return self.type if self.chat_id is None else f"{self.type}={self.chat_id}"


async def get_me(chats: Chats) -> Json:
    """Return the bot's own User (https://core.telegram.org/bots/api#user)."""
    return chats.bot


async def get_updates(
    chats: Chats,
    *,
    offset: Annotated[int, Field(ge=0)] = 0,
    limit: Annotated[int, Field(ge=1, le=100)] = 100,
    timeout: Annotated[int, Field(ge=0, le=MAX_POLL_SECONDS)] = 0,  # noqa: ASYNC109 (it is the API's)
    allowed_updates: pydantic.Json[list[str]] | None = None,
) -> list[Json]:
    """Return pending updates, after at most `timeout` seconds; a later call ends this one with 409.

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
        allowed = {*(allowed_updates or ())}
        return [each for each in updates if not allowed or each.keys() & allowed]

    return (await chats.wait_for(fetch, timeout))[:limit]


async def answer_callback_query(
    chats: Chats,
    *,
    callback_query_id: str,
    text: Annotated[str, Field(max_length=200)] = "",
    show_alert: bool = False,
) -> bool:
    """Answer a tap, once and in time; the person sees `text` as a toast or an alert.

    https://core.telegram.org/bots/api#answercallbackquery
    """
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
    listed = [command.model_dump() for command in commands]
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
}
