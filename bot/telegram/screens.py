"""What a message shows: its text and its buttons; and how a button's data is written.

How the data is read says `bot/handlers.py`.
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
    """A message's text (Telegram's HTML) and what is under it."""

    text: str
    rows: tuple[Row, ...] = ()

    @property
    def keyboard(self) -> InlineKeyboardMarkup | None:
        """The buttons as Telegram wants them; None takes an edited message's buttons away."""
        return InlineKeyboardMarkup(self.rows) if self.rows else None


def button(label: str, data: str) -> InlineKeyboardButton:
    """Return a button that comes back to us with `data`, of at most 64 bytes."""
    return InlineKeyboardButton(label, callback_data=data)


def back_button(data: str, translator: Translator) -> InlineKeyboardButton:
    """Return the button Back, which leads to where `data` leads."""
    return button(translator.text(keys.Button.BACK), data)


def page_buttons(page: Page, data: str, translator: Translator) -> list[InlineKeyboardButton]:
    """Return Newer and Older, as far as there is anything: to `data` and the page's cursor."""
    directions = (
        (keys.Button.NEWER, page.previous_cursor),
        (keys.Button.OLDER, page.next_cursor),
    )
    return [
        button(translator.text(key), f"{data}:{cursor}") for key, cursor in directions if cursor
    ]


def forget_row(translator: Translator) -> Row:
    """Return the way out of a question without a screen to go back to."""
    return (button(translator.text(keys.Button.CANCEL), "forget"),)


def with_link_button(
    text: str, url: str | None, label: Key, translator: Translator, *rows: Row
) -> Screen:
    """Return a screen with the way to an address above `rows`, if there is an address.

    It is a button or, where Telegram takes the address on none, a line of text.
    """
    if url and fits_a_button(url):
        rows = ((InlineKeyboardButton(translator.text(label), url=url),), *rows)
    elif url:
        text += "\n" + translator.html(keys.PaymentMethods.LINK, url=url)
    return Screen(text, rows)


def fits_a_button(url: str) -> bool:
    """Return whether Telegram takes this address on a button.

    It does not for localhost, loopback addresses and names without a dot: "inline keyboard button
    URL is invalid: Wrong HTTP URL".
    """
    host = (urlsplit(url).hostname or "").rstrip(".")
    try:
        return not ip_address(host).is_loopback
    except ValueError:
        return "." in host and not host.endswith(".localhost")


def packed(id: UUID) -> str:
    """Write an id in 22 characters, for a button that names two."""
    return urlsafe_b64encode(id.bytes).decode().rstrip("=")


def button_ids(owned: PaymentMethod | Subscription) -> str:
    """Return how a button names a payment method, or a subscription, of an organization."""
    return f"{packed(owned.organization_id)}:{packed(owned.id)}"


def unpacked(text: str) -> UUID:
    """Read the id that a button's data has, packed or as hex."""
    if len(text) == PACKED_LENGTH:
        return UUID(bytes=urlsafe_b64decode(f"{text}=="))
    return UUID(text)


def wallet_data(action: str, organization_id: UUID, currency: str) -> str:
    """Return the data of a button that does something with a wallet."""
    return f"{action}:{organization_id.hex}:{currency}"
