"""Memberships: a person's role in an organization, and what it allows in the chat.

A membership has the organization's wallets. The bot only chooses what it offers; the backend checks
the role on each request.
"""

from collections.abc import Iterator
from typing import Final
from uuid import UUID

from telegram import InlineKeyboardButton

from backend.schemas import Me, Membership, Money, Role
from bot.locales import keys
from bot.locales.translator import Price, Translator, short
from bot.telegram.refusals import BotRefusal
from bot.telegram.screens import Row, button

TOP_UP_ROLES: Final[tuple[Role, ...]] = ("owner", "admin")
# The roles that each role can give and take, and whose holders it can remove.
GRANTABLE_ROLES: Final[dict[Role, tuple[Role, ...]]] = {
    "owner": ("member", "admin", "owner"),
    "admin": ("member",),
    "member": (),
}


def membership_in(me: Me, organization_id: UUID) -> Membership:
    """Return the person's membership in an organization; raise BotRefusal where they have none."""
    for membership in me.organizations:
        if membership.organization_id == organization_id:
            return membership
    raise BotRefusal(keys.Refusal.NOT_FOUND)


def default_first(me: Me) -> list[Membership]:
    """Return the person's memberships, that in their default organization first."""
    return sorted(
        me.organizations,
        key=lambda membership: membership.organization_id != me.organization_id,
    )


def default_membership(me: Me) -> Membership | None:
    """Return the membership in the default organization; None for a person without any."""
    return next(iter(default_first(me)), None)


def can_top_up(membership: Membership) -> bool:
    """Return whether this role can add money to the organization's wallet."""
    return membership.role in TOP_UP_ROLES and bool(membership.wallets)


def top_up_role(translator: Translator) -> str:
    """Return the name of the lowest role that can add money."""
    return translator.text(keys.ROLE_NAMES[TOP_UP_ROLES[-1]])


def require_manager(membership: Membership) -> Membership:
    """Return the membership of an owner or admin; raise BotRefusal for others."""
    if not GRANTABLE_ROLES[membership.role]:
        raise BotRefusal(keys.Refusal.ROLE_TOO_LOW)
    return membership


def balance_lines(membership: Membership, translator: Translator) -> Iterator[str]:
    """Yield a line for the organization and one for each of its wallets."""
    role = translator.text(keys.ROLE_NAMES[membership.role])
    name = short(membership.organization_name)
    yield translator.html(keys.Balance.ORGANIZATION, organization=name, role=role)
    for wallet in membership.wallets:
        yield wallet_line(wallet.balance, translator)


def marked_balance_lines(membership: Membership, me: Me, translator: Translator) -> list[str]:
    """Return the lines of one of a person's organizations; the default of several is marked."""
    first, *wallets = balance_lines(membership, translator)
    is_default = membership.organization_id == me.organization_id
    if is_default and len(me.organizations) > 1:
        first = f"{first} {translator.html(keys.Balance.DEFAULT)}"
    return [first, *wallets]


def wallet_line(balance: Money, translator: Translator) -> str:
    """Return a wallet's balance or, where clawbacks took more than it had, its debt."""
    if owed := debt_of(balance):
        return translator.html(keys.Balance.DEBT, debt=owed)
    return translator.html(keys.Balance.WALLET, balance=balance)


def debt_of(balance: Money) -> Price | None:
    """Return the debt of a wallet with this balance; None where it has none."""
    if balance.amount_minor >= 0:
        return None
    return Price(balance.amount.lstrip("-"), balance.currency)


def debt_lines(membership: Membership, currency: str, translator: Translator) -> list[str]:
    """Return the line that a top-up first pays a debt, where the wallet in `currency` has one."""
    balances = [wallet.balance for wallet in membership.wallets]
    debts = [debt_of(balance) for balance in balances if balance.currency == currency]
    return [translator.html(keys.TopUp.DEBT, debt=debt) for debt in debts if debt]


def menu_rows(me: Me, translator: Translator) -> tuple[Row, ...]:
    """Return the buttons below a list of a person's organizations."""
    membership = default_membership(me)
    row = [balance_button(translator)]
    if membership is not None and me.topups_in_chat and can_top_up(membership):
        row.insert(0, button(translator.text(keys.Button.TOP_UP), "topup"))
    return (tuple(row),)


def balance_button(translator: Translator) -> InlineKeyboardButton:
    """Return the button Balance."""
    return button(translator.text(keys.Button.BALANCE), "balance")


def use_button(membership: Membership, translator: Translator) -> InlineKeyboardButton:
    """Return the button that makes this organization the default one."""
    label = translator.text(keys.Button.USE, organization=short(membership.organization_name))
    return button(label, f"use:{membership.organization_id.hex}")
