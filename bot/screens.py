"""What a message shows: its text and its buttons; and how a button's data is written and read.

A button's data comes back as whatever somebody sends us, at most 64 bytes: the patterns below are
the whole grammar, and what does not match exactly is not ours.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from uuid import UUID

from telegram import InlineKeyboardButton, InlineKeyboardMarkup

_UUID = "[0-9a-f]{32}"
_ORGANIZATION = rf"(?P<organization>{_UUID})"
_WALLET = rf"{_ORGANIZATION}:(?P<currency>[a-z]{{3}})"
_PAYMENT = rf"(?P<payment>{_UUID})"
_PACKED = "[A-Za-z0-9_-]{22}"  # two ids as hex would not fit
_PERSON = rf"(?P<organization>{_PACKED}):(?P<person>{_PACKED})"
_OFFER = rf"{_ORGANIZATION}:(?P<role>owner|admin|member):(?P<uses>1|5|20):(?P<hours>24|48|168|720)"

TOP_UP = r"topup\Z"
BALANCE = r"balance\Z"
OTHER_ORGANIZATION = r"organizations\Z"
CHOOSE_AMOUNT = rf"amounts:{_WALLET}\Z"
OTHER_AMOUNT = rf"other:{_WALLET}\Z"
PAY = rf"pay:{_WALLET}:(?P<amount>[\s\S]+)\Z"
CHECK = rf"check:{_PAYMENT}\Z"
CANCEL = rf"cancel:{_PAYMENT}\Z"
AGAIN = rf"again:{_PAYMENT}\Z"
RECEIPT = rf"receipt:{_PAYMENT}\Z"
SETTINGS = r"settings(:(?P<page>quiet|timezone|language))?\Z"
CHOOSE = r"set:(?P<name>credits|members|quiet|timezone|language):(?P<value>[\w:/+-]{1,40})\Z"
ASK_SETTING = r"ask_setting:(?P<name>quiet|timezone)\Z"
TIE = rf"tie(:{_ORGANIZATION})?\Z"
ALLOW = rf"(?P<field>shows_balance|announces_credits|tied):(?P<wanted>yes|no):{_ORGANIZATION}\Z"

ORGANIZATION = r"org\Z"
NEW_ORGANIZATION = r"new_org\Z"
USE = rf"use:{_ORGANIZATION}\Z"
RENAME = rf"rename:{_ORGANIZATION}\Z"
LEAVE = rf"leave:{_ORGANIZATION}\Z"
LEAVE_NOW = rf"leave_now:{_ORGANIZATION}\Z"
MEMBERS = rf"members:{_ORGANIZATION}:(?P<page>[0-9]{{1,4}})\Z"
MEMBER = rf"member:{_PERSON}\Z"
ASK = rf"ask:{_PERSON}:(?P<change>owner|removed)\Z"
CHANGE = rf"change:{_PERSON}:(?P<change>owner|admin|member|removed)\Z"
INVITE = rf"invite:{_OFFER}\Z"
MAKE_LINK = rf"make_link:{_OFFER}\Z"
LINK = r"link:(?P<code>[0-9a-f]{32})\Z"
REVOKE = rf"revoke:(?P<organization>{_PACKED}):(?P<invitation>{_PACKED})\Z"

_CURSOR = r"(?P<cursor>[on][0-9a-f]{1,32}|)"  # the backend's, or nothing: the newest
HISTORY = rf"past:(?P<organization>{_PACKED}):(?P<currency>[a-z]{{3}}|):{_CURSOR}\Z"
EXPORT = rf"export:{_ORGANIZATION}:(?P<month>[0-9]{{4}}-[0-9]{{2}}|)\Z"

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


def packed(id: UUID) -> str:
    """An id in 22 characters, for a button that names two."""
    return urlsafe_b64encode(id.bytes).decode().rstrip("=")


def unpacked(text: str) -> UUID:
    """The id that a button's data has, packed or as hex."""
    return UUID(bytes=urlsafe_b64decode(f"{text}==")) if len(text) == 22 else UUID(text)


def wallet_data(act: str, organization_id: UUID, currency: str) -> str:
    """The data of a button that does something with a wallet."""
    return f"{act}:{organization_id.hex}:{currency}"


def pay_data(organization_id: UUID, currency: str, amount: str) -> str:
    """The data of a button that pays `amount`."""
    return f"{wallet_data('pay', organization_id, currency)}:{amount}"
