"""What a person's organizations mean for a conversation. The backend decides again on each act."""

from collections.abc import Iterator
from typing import Final

from telegram import InlineKeyboardButton

from backend.schemas import Me, Membership, Role
from bot.screens import Row, button
from bot.texts import Words

TOP_UP_ROLES: Final[tuple[Role, ...]] = ("owner", "admin")


def may_top_up(me: Me) -> list[Membership]:
    """The organizations whose wallet this person may add money to."""
    return [place for place in me.organizations if place.role in TOP_UP_ROLES and place.wallets]


def needed_role(words: Words) -> str:
    """The lowest role that may add money, as a word."""
    return words.plain(f"role.{TOP_UP_ROLES[-1]}")


def balance_lines(me: Me, words: Words) -> Iterator[str]:
    """A line per organization and one per wallet of it."""
    for place in me.organizations:
        role = words.plain(f"role.{place.role}")
        yield words.say("balance.organization", organization=place.organization_name, role=role)
        for wallet in place.wallets:
            yield words.say("balance.wallet", balance=wallet.balance)


def menu(me: Me, words: Words) -> tuple[Row, ...]:
    """The buttons that go with a person's organizations."""
    top_up = (button(words.plain("button.top_up"), "topup"),) if may_top_up(me) else ()
    return ((*top_up, balance_button(words)),)


def balance_button(words: Words) -> InlineKeyboardButton:
    """Does what /balance does."""
    return button(words.plain("button.balance"), "balance")
