"""The buttons under a message (https://core.telegram.org/bots/api#inlinekeyboardmarkup)."""

import json
from typing import Any, Self

import pydantic
from pydantic import BaseModel, ConfigDict, Field, model_validator

from sandbox.refusals import Refusal, StrictModel, not_modelled
from sandbox.telegram.text import LINK

OTHER_FIELDS = {
    "icon_custom_emoji_id", "style", "web_app", "login_url", "switch_inline_query",
    "switch_inline_query_current_chat", "switch_inline_query_chosen_chat", "copy_text",
    "callback_game", "pay", "disabled",
}  # fmt: skip
MAX_BUTTONS, MAX_BYTES = 100, 10_000


class Button(BaseModel):
    """A button of a keyboard (https://core.telegram.org/bots/api#inlinekeyboardbutton).

    Fields that Telegram does not know are ignored, as there: telegraf sends one, `hide`.
    """

    model_config = ConfigDict(extra="ignore")

    text: str = Field(pattern=r"\S")
    url: str | None = None
    callback_data: str | None = None

    @model_validator(mode="before")
    @classmethod
    def has_modelled_fields(cls, fields: Any) -> Any:
        """Refuse (501) what else a button can do in Telegram."""
        if isinstance(fields, dict) and (others := OTHER_FIELDS & fields.keys()):
            raise not_modelled(f"{min(others)} of a button")
        return fields

    @model_validator(mode="after")
    def does_one_thing(self) -> Self:
        """Refuse a button unless it opens an allowed link, or sends at most 64 bytes."""
        wrong = "can't parse inline keyboard button: "
        if self.url is None and self.callback_data is None:
            raise Refusal(400, f"{wrong}Text buttons are unallowed in the inline keyboard")
        if self.url is not None and self.callback_data is not None:
            raise Refusal(400, f"{wrong}exactly one action is needed")
        if self.url is not None and not LINK.fullmatch(self.url):
            why = f"inline keyboard button URL '{self.url}' is invalid: Wrong HTTP URL"
            raise Refusal(400, why)
        if self.callback_data is not None and not 1 <= len(self.callback_data.encode()) <= 64:
            raise Refusal(400, "BUTTON_DATA_INVALID")
        return self


class Keyboard(StrictModel):
    """The buttons under a message: rows, of at most 100 buttons and 10 kB together."""

    inline_keyboard: list[list[Button]]

    @model_validator(mode="after")
    def has_not_too_many(self) -> Self:
        """Refuse more buttons than Telegram takes."""
        size = len(json.dumps(self.model_dump(exclude_none=True), ensure_ascii=False).encode())
        if sum(len(row) for row in self.inline_keyboard) > MAX_BUTTONS or size > MAX_BYTES:
            raise Refusal(400, "reply markup is too long")
        return self


Markup = pydantic.Json[Keyboard]
