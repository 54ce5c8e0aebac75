"""What a message shows: its text and its buttons; and how a button's data is written.

How it is read says `bot/handlers.py`.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from telegram import InlineKeyboardButton, InlineKeyboardMarkup

from backend.schemas import Page
from bot.locales.texts import Words

AMOUNT: Final = r"[0-9]{1,15}(?:\.[0-9]{1,3})?"  # as `bot/amounts.py` writes one into a button

Row = tuple[InlineKeyboardButton, ...]


@dataclass(frozen=True)
class Screen:
    """A message's text (Telegram's HTML) and what is under it."""

    text: str
    rows: tuple[Row, ...] = ()

    @property
    def keyboard(self) -> InlineKeyboardMarkup | None:
        """The buttons as Telegram wants them; None takes an edited message's buttons away."""
        return InlineKeyboardMarkup(self.rows) if self.rows else None


def button(label: str, data: str) -> InlineKeyboardButton:
    """A button that comes back to us with `data`."""
    return InlineKeyboardButton(label, callback_data=data)


def back_button(data: str, words: Words) -> InlineKeyboardButton:
    """To where `data` leads."""
    return button(words.plain("button.back"), data)


def turning(page: Page, data: str, words: Words) -> list[InlineKeyboardButton]:
    """Newer and Older, as far as there is anything: to `data` and the page's cursor."""
    ways = (("button.newer", page.previous_cursor), ("button.older", page.next_cursor))
    return [button(words.plain(key), f"{data}:{cursor}") for key, cursor in ways if cursor]


def forget_row(words: Words) -> Row:
    """The way out of a question without a screen to go back to."""
    return (button(words.plain("button.cancel"), "forget"),)


def packed(id: UUID) -> str:
    """An id in 22 characters, for a button that names two."""
    return urlsafe_b64encode(id.bytes).decode().rstrip("=")


def unpacked(text: str) -> UUID:
    """The id that a button's data has, packed or as hex."""
    return UUID(bytes=urlsafe_b64decode(f"{text}==")) if len(text) == 22 else UUID(text)


def wallet_data(act: str, organization_id: UUID, currency: str) -> str:
    """The data of a button that does something with a wallet."""
    return f"{act}:{organization_id.hex}:{currency}"
