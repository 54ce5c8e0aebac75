"""The screens that /topup asks on: which organization, which wallet, which amount."""

from decimal import Decimal
from typing import Final

from backend.schemas import Me, Membership, Money, Wallet, read_money
from bot.locales import keys
from bot.locales.key import Key
from bot.locales.translator import Price, Translator, short
from bot.organizations.membership import can_top_up, debt_lines, default_first, top_up_role
from bot.telegram.context import WalletName
from bot.telegram.pages import MAX_BUTTONS, arrow_row
from bot.telegram.screens import Row, Screen, button, wallet_data

PRESETS: Final = (20, 50, 100, 200)  # times the wallet's smallest amount, rounded up: EUR 10 to 100
WALLETS_IN_A_ROW: Final = 4


def role_too_low_screen(me: Me, membership: Membership, translator: Translator) -> Screen:
    """Return why this role adds no money here, and the way to where it can."""
    text = translator.html(
        keys.TopUp.ROLE_TOO_LOW,
        organization=short(membership.organization_name),
        role=top_up_role(translator),
    )
    return Screen(text, other_organization_rows(me, translator))


def choice_screen(me: Me, page: int, translator: Translator) -> Screen:
    """Return a page of the organizations that this person can add money to.

    The button of each leads to amounts. For a page after the last, the last is shown.
    """
    memberships = [membership for membership in me.organizations if can_top_up(membership)]
    last_page = max(0, len(memberships) - 1) // MAX_BUTTONS
    page = min(page, last_page)
    rows: list[Row] = []
    for membership in memberships[page * MAX_BUTTONS :][:MAX_BUTTONS]:
        data = wallet_data("amounts", *default_wallet_name(membership))
        rows.append((button(short(membership.organization_name), data),))
    if arrows := arrow_row("organizations", page, last_page):
        rows.append(arrows)
    return Screen(translator.html(keys.TopUp.ORGANIZATION), tuple(rows))


def other_organization_rows(me: Me, translator: Translator) -> tuple[Row, ...]:
    """Return the way to another organization, where there is one to add money to."""
    if not any(can_top_up(membership) for membership in default_first(me)[1:]):
        return ()
    return ((button(translator.text(keys.Button.ANOTHER_ORGANIZATION), "organizations"),),)


def amount_screen(me: Me, membership: Membership, wallet: Wallet, translator: Translator) -> Screen:
    """Return the usual amounts within the wallet's limits, any other, and other wallets."""
    name = WalletName(membership.organization_id, wallet.limits.currency)
    presets = []
    for amount in usual_amounts(wallet):
        label = translator.text(keys.Button.AMOUNT, amount=amount)
        presets.append(button(label, f"{wallet_data('pay', *name)}:{amount.amount}"))
    other = button(translator.text(keys.Button.OTHER_AMOUNT), wallet_data("other", *name))
    rows = (
        tuple(presets[:2]),
        tuple(presets[2:]),
        (other,),
        *other_wallet_rows(membership, wallet, translator),
        *other_organization_rows(me, translator),
    )
    text = amount_question(keys.TopUp.AMOUNT, membership, wallet, translator)
    return Screen(text, tuple(row for row in rows if row))


def other_wallet_rows(membership: Membership, wallet: Wallet, translator: Translator) -> list[Row]:
    """Return a button for each other wallet of the organization; it leads to amounts there."""
    buttons = []
    for other in membership.wallets:
        if other is not wallet:
            currency = other.balance.currency
            label = translator.text(keys.Button.OTHER_WALLET, currency=currency.upper())
            data = wallet_data("amounts", membership.organization_id, currency)
            buttons.append(button(label, data))
    starts = range(0, len(buttons), WALLETS_IN_A_ROW)
    return [tuple(buttons[start : start + WALLETS_IN_A_ROW]) for start in starts]


def usual_amounts(wallet: Wallet) -> list[Money]:
    """Return PRESETS of the currency's own scale: its minimum, rounded up to 1, 2 or 5 of a power.

    Those outside the wallet's limits are left out.
    """
    currency = wallet.limits.currency
    minimum, maximum = Decimal(wallet.limits.minimum), Decimal(wallet.limits.maximum)
    power = Decimal(1).scaleb(minimum.adjusted())  # of ten
    unit = next(digit * power for digit in (1, 2, 5, 10) if digit * power >= minimum)
    amounts = []
    for preset in PRESETS:
        amount = (unit * preset).normalize()
        if minimum <= amount <= maximum:
            amounts.append(read_money(f"{amount:f}", currency))
    return amounts


def amount_question(
    key: Key, membership: Membership, wallet: Wallet, translator: Translator
) -> str:
    """Return a question about an amount, with the limits of one top-up and with what is owed."""
    limits = wallet.limits
    question = translator.html(
        key,
        organization=short(membership.organization_name),
        minimum=Price(limits.minimum, limits.currency),
        maximum=Price(limits.maximum, limits.currency),
    )
    return "\n".join([question, *debt_lines(membership, limits.currency, translator)])


def default_wallet_name(membership: Membership) -> WalletName:
    """Return the wallet that is topped up when none is named: the first."""
    return WalletName(membership.organization_id, membership.wallets[0].balance.currency)
