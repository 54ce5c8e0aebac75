"""Screens: a message's text and buttons, and how a button's data is written.

How the data is parsed is in `bot/handlers.py`.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

from telegram import InlineKeyboardButton, InlineKeyboardMarkup

from backend.schemas import Page, PaymentMethod, Subscription
from bot.locales import keys
from bot.locales.key import Key
from bot.locales.translator import Translator

AMOUNT: Final = r"[0-9]{1,15}(?:\.[0-9]{1,3})?"  # as `bot/amounts.py` writes one into a button
PACKED_LENGTH: Final = 22

Row = tuple[InlineKeyboardButton, ...]


@dataclass(frozen=True)
class Screen:
    """A message's text (Telegram's HTML) and its rows of buttons."""

    text: str
    rows: tuple[Row, ...] = ()

    @property
    def keyboard(self) -> InlineKeyboardMarkup | None:
        """The buttons for the Bot API; None removes the buttons of an edited message."""
        return InlineKeyboardMarkup(self.rows) if self.rows else None


def button(label: str, data: str) -> InlineKeyboardButton:
    """Return a button that sends `data` (at most 64 bytes) back to the bot."""
    return InlineKeyboardButton(label, callback_data=data)


def back_button(data: str, translator: Translator) -> InlineKeyboardButton:
    """Return the button Back, which opens the screen of `data`."""
    return button(translator.text(keys.Button.BACK), data)


def page_buttons(page: Page, data: str, translator: Translator) -> list[InlineKeyboardButton]:
    """Return the buttons Newer and Older, where such pages exist: `data` and their cursor."""
    directions = (
        (keys.Button.NEWER, page.previous_cursor),
        (keys.Button.OLDER, page.next_cursor),
    )
    return [
        button(translator.text(key), f"{data}:{cursor}") for key, cursor in directions if cursor
    ]


def forget_row(translator: Translator) -> Row:
    """Return the row with Cancel, for a question without a screen to go back to."""
    return (button(translator.text(keys.Button.CANCEL), "forget"),)


def with_link_button(
    text: str, url: str | None, label: Key, translator: Translator, *rows: Row
) -> Screen:
    """Return a screen with a link to `url` above `rows`, if there is an address.

    It is a button or, where Telegram accepts the address on none, a line of text.
    """
    if url and fits_a_button(url):
        rows = ((InlineKeyboardButton(translator.text(label), url=url),), *rows)
    elif url:
        text += "\n" + translator.html(keys.PaymentMethods.LINK, url=url)
    return Screen(text, rows)


def fits_a_button(url: str) -> bool:
    """Return whether Telegram accepts this address on a button.

    It refuses localhost, loopback addresses and names without a dot: "inline keyboard button URL is
    invalid: Wrong HTTP URL".
    """
    host = (urlsplit(url).hostname or "").rstrip(".")
    try:
        return not ip_address(host).is_loopback
    except ValueError:
        return "." in host and not host.endswith(".localhost")


def packed(id: UUID) -> str:
    """Return an id in 22 characters (base64), for a button that names two."""
    return urlsafe_b64encode(id.bytes).decode().rstrip("=")


def button_ids(owned: PaymentMethod | Subscription) -> str:
    """Return a payment method's or subscription's ids for a button, the organization's first."""
    return f"{packed(owned.organization_id)}:{packed(owned.id)}"


def unpacked(text: str) -> UUID:
    """Parse an id in a button's data, packed or as hex."""
    if len(text) == PACKED_LENGTH:
        return UUID(bytes=urlsafe_b64decode(f"{text}=="))
    return UUID(text)


def wallet_data(action: str, organization_id: UUID, currency: str) -> str:
    """Return the data of a button that acts on a wallet: `action:organization:currency`."""
    return f"{action}:{organization_id.hex}:{currency}"
