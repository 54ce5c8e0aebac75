"""What a person's organizations mean for a conversation. The backend decides again on each act."""

from collections.abc import Iterator
from typing import Final
from uuid import UUID

from telegram import InlineKeyboardButton

from backend.schemas import Me, Membership, Money, Role
from bot.locales.texts import Price, Words, short
from bot.telegram.context import BotRefusal
from bot.telegram.screens import Row, button

TOP_UP_ROLES: Final[tuple[Role, ...]] = ("owner", "admin")
# The roles that each role may give and take, and whose holders it may remove.
MAY_GIVE: Final[dict[Role, tuple[Role, ...]]] = {
    "owner": ("member", "admin", "owner"),
    "admin": ("member",),
    "member": (),
}


def place_in(me: Me, organization_id: UUID) -> Membership:
    """The person's place in an organization; raises BotRefusal where they have none."""
    for place in me.organizations:
        if place.organization_id == organization_id:
            return place
    raise BotRefusal("refusal.not_found")


def in_order(me: Me) -> list[Membership]:
    """The person's organizations, the current one first."""
    return sorted(me.organizations, key=lambda place: place.organization_id != me.organization_id)


def current(me: Me) -> Membership | None:
    """The organization that is meant when nobody says which; None for a stranger."""
    return next(iter(in_order(me)), None)


def may_top_up(place: Membership) -> bool:
    """Whether this role may add money to this organization's wallet."""
    return place.role in TOP_UP_ROLES and bool(place.wallets)


def needed_role(words: Words) -> str:
    """The lowest role that may add money, as a word."""
    return words.plain(f"role.{TOP_UP_ROLES[-1]}")


def managed(place: Membership) -> Membership:
    """The place of who may invite and rename there; raises BotRefusal for others."""
    if not MAY_GIVE[place.role]:
        raise BotRefusal("refusal.role_too_low")
    return place


def balance_lines(place: Membership, words: Words) -> Iterator[str]:
    """A line for the organization and one per wallet of it."""
    role = words.plain(f"role.{place.role}")
    name = short(place.organization_name)
    yield words.say("balance.organization", organization=name, role=role)
    for wallet in place.wallets:
        yield wallet_line(wallet.balance, words)


def wallet_line(balance: Money, words: Words) -> str:
    """What is in a wallet or, where refunds and disputes took more than it had, what it owes."""
    if owed := debt(balance):
        return words.say("balance.debt", debt=owed)
    return words.say("balance.wallet", balance=balance)


def debt(balance: Money) -> Price | None:
    """What a wallet with this balance owes, if it does."""
    return Price(balance.amount.lstrip("-"), balance.currency) if balance.amount_minor < 0 else None


def debt_lines(place: Membership, currency: str, words: Words) -> list[str]:
    """What goes first to what the wallet in this currency owes, if it does."""
    owed = [debt(kept.balance) for kept in place.wallets if kept.balance.currency == currency]
    return [words.say("topup.debt", debt=sum) for sum in owed if sum]


def menu(me: Me, words: Words) -> tuple[Row, ...]:
    """The buttons that go with a person's organizations."""
    place = current(me)
    offers = place is not None and me.topups_in_chat and may_top_up(place)
    top_up = (button(words.plain("button.top_up"), "topup"),) if offers else ()
    return ((*top_up, balance_button(words)),)


def balance_button(words: Words) -> InlineKeyboardButton:
    """Does what /balance does."""
    return button(words.plain("button.balance"), "balance")


def use_button(place: Membership, words: Words) -> InlineKeyboardButton:
    """Makes this organization the current one."""
    label = words.plain("button.use", organization=short(place.organization_name))
    return button(label, f"use:{place.organization_id.hex}")
