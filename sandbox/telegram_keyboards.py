"""Inline keyboards, as Telegram takes them.

https://core.telegram.org/bots/api#inlinekeyboardmarkup
"""

from typing import Any

from sandbox.store import Json
from sandbox.telegram_errors import Refused, not_modelled
from sandbox.telegram_text import BadUrl, checked_url

MOST_BUTTONS = 100
LONGEST_CALLBACK_DATA = 64  # bytes


def inline_keyboard(markup: Json | None) -> Json | None:
    """The keyboard as it stands under the message, or None; `Refused` for what is not taken."""
    if not markup:
        return None
    if markup.keys() != {"inline_keyboard"}:
        raise not_modelled("any reply_markup but an inline keyboard")
    rows = markup["inline_keyboard"]
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise Refused(400, 'field "inline_keyboard" must be of type Array')
    keyboard = [[_button(button) for button in row] for row in rows if row]
    if sum(map(len, keyboard)) > MOST_BUTTONS:
        raise Refused(400, "reply markup is too long")
    return {"inline_keyboard": keyboard} if keyboard else None


def _button(button: Any) -> Json:
    if not isinstance(button, dict):
        raise _unparsable("Object expected")
    if button.keys() - {"text", *_ACTIONS}:
        raise not_modelled("buttons with more than text and url or callback_data")
    if not all(isinstance(part, str) for part in button.values()):
        raise _unparsable("Fields must be of type String")
    if not button.get("text", "").strip():
        raise Refused(400, "inline keyboard button text must be non-empty")
    actions = [name for name in _ACTIONS if button.get(name)]
    if not actions:
        raise _unparsable("Text buttons are unallowed in the inline keyboard")
    if len(actions) > 1:
        # The real one silently takes the first; its documentation asks for exactly one.
        raise _unparsable("Exactly one action must be used")
    return {"text": button["text"], actions[0]: _ACTIONS[actions[0]](button[actions[0]])}


def _callback_data(data: str) -> str:
    if len(data.encode()) > LONGEST_CALLBACK_DATA:
        raise Refused(400, "BUTTON_DATA_INVALID")
    return data


def _url(url: str) -> str:
    try:
        return checked_url(url)
    except BadUrl as why:
        raise Refused(400, f"inline keyboard button URL '{url}' is invalid: {why}") from None


_ACTIONS = {"url": _url, "callback_data": _callback_data}


def _unparsable(why: str) -> Refused:
    return Refused(400, f"can't parse inline keyboard button: {why}")
