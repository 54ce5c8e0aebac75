"""/history: a wallet's transactions and the open payments, page by page in one message.

Every button names its organization and the row that its page begins after, so that a page stays the
same whatever is added meanwhile. The backend checks on each tap who may read it.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from telegram import InlineKeyboardButton

from backend import schemas
from bot.locales import keys
from bot.locales.translator import Fact, Translator, short
from bot.organizations.membership import can_top_up, membership_in, top_up_role
from bot.organizations.organization import in_organization
from bot.payments.lists import payment_rows
from bot.telegram.context import BotContext
from bot.telegram.screens import Screen, button, packed, page_buttons

PAGE_SIZE: Final = 8  # lines in a message
OPEN_STATUSES: Final[list[schemas.PaymentStatus]] = ["created", "pending", "processing"]
WALLETS_IN_A_ROW: Final = 4


@in_organization
async def history(membership: schemas.Membership, context: BotContext) -> None:
    """Answer /history: the newest transactions of the organization's first wallet."""
    currency = membership.wallets[0].balance.currency
    await show_movements(membership, currency, None, context)


async def page_tapped(context: BotContext) -> None:
    """Show the tapped page: of transactions in a currency or, without one, of open payments."""
    membership = membership_in(await context.introduce(), context.id("organization"))
    currency, cursor = context.part("currency"), context.part("cursor") or None
    if currency:
        await show_movements(membership, currency, cursor, context)
    else:
        await show_open_payments(membership, cursor, context)


async def show_movements(
    membership: schemas.Membership, currency: str, cursor: str | None, context: BotContext
) -> None:
    """Show a page of a wallet's transactions; where there are none, how to begin."""
    translator, organization_id = context.translator, membership.organization_id
    query = schemas.TransactionsQuery(currency=currency, cursor=cursor, limit=PAGE_SIZE)
    page = await context.backend.list_transactions(context.speaker.id, organization_id, query)
    title = translator.html(
        keys.History.MOVEMENTS,
        organization=short(membership.organization_name),
        currency=currency.upper(),
    )
    lines = [title, *lines_by_day(page.transactions, translator)]
    if not page.transactions:
        lines.append(empty_line(membership, translator))
    export = button(translator.text(keys.Button.EXPORT), f"export:{organization_id.hex}:")
    open_payments = button(
        translator.text(keys.Button.OPEN_PAYMENTS), f"{page_data(membership, '')}:"
    )
    rows = [
        *payment_rows(page.transactions, translator),
        page_buttons(page, page_data(membership, currency), translator),
        [open_payments, export],
    ]
    others = other_wallet_buttons(membership, currency, translator)
    for start in range(0, len(others), WALLETS_IN_A_ROW):
        rows.append(others[start : start + WALLETS_IN_A_ROW])
    screen = Screen("\n".join(lines), tuple(tuple(row) for row in rows if row))
    await context.reply_or_edit(screen)


async def show_open_payments(
    membership: schemas.Membership, cursor: str | None, context: BotContext
) -> None:
    """Show a page of payments that can still be paid, or that a bank processes."""
    translator = context.translator
    query = schemas.PaymentsQuery(
        organization_id=membership.organization_id,
        status=OPEN_STATUSES,
        cursor=cursor,
        limit=PAGE_SIZE,
    )
    page = await context.backend.list_payments(context.speaker.id, query)
    name = short(membership.organization_name)
    lines = [translator.html(keys.History.OPEN, organization=name)]
    lines += lines_by_day(page.payments, translator)
    if not page.payments:
        lines.append(translator.html(keys.History.NONE_OPEN))
    currency = membership.wallets[0].balance.currency
    movements = button(
        translator.text(keys.Button.MOVEMENTS), f"{page_data(membership, currency)}:"
    )
    rows = [
        *payment_rows(page.payments, translator),
        page_buttons(page, page_data(membership, ""), translator),
        [movements],
    ]
    screen = Screen("\n".join(lines), tuple(tuple(row) for row in rows if row))
    await context.reply_or_edit(screen)


def lines_by_day(
    items: Sequence[schemas.Transaction | schemas.Payment], translator: Translator
) -> Iterator[str]:
    """Yield a line for each item, the first of each day below its date."""
    previous_day = None
    for item in items:
        day = translator.day_of(item.created_at)
        if day != previous_day:
            yield translator.html(keys.History.DAY, day=day)
        previous_day = day
        if isinstance(item, schemas.Transaction):
            yield transaction_line(item, translator)
        else:
            yield payment_line(item, translator)


def transaction_line(transaction: schemas.Transaction, translator: Translator) -> str:
    """Return a transaction in one line."""
    key = keys.TRANSACTION_LINES[transaction.kind]
    facts = line_facts(transaction, translator) | {"balance": transaction.balance}
    return translator.html(key, **facts)


def payment_line(payment: schemas.Payment, translator: Translator) -> str:
    """Return an open payment in one line."""
    status = translator.text(keys.PAYMENT_STATUS_NAMES[payment.status])
    facts = line_facts(payment, translator) | {"status": status, "reference": payment.reference}
    return translator.html(keys.History.PAYMENT, **facts)


def line_facts(
    item: schemas.Transaction | schemas.Payment, translator: Translator
) -> dict[str, Fact]:
    """Return the facts that the lines of transactions and payments have in common."""
    payer = short(item.paid_by or translator.text(keys.Payment.SOMEBODY))
    return {"time": item.created_at, "amount": item.money, "payer": payer}


def empty_line(membership: schemas.Membership, translator: Translator) -> str:
    """Return that there are no transactions yet, and who can add money."""
    if can_top_up(membership):
        return translator.html(keys.History.EMPTY)
    return translator.html(keys.History.EMPTY_MEMBER, role=top_up_role(translator))


def other_wallet_buttons(
    membership: schemas.Membership, currency: str, translator: Translator
) -> list[InlineKeyboardButton]:
    """Return a button for each wallet in another currency, to its newest transactions."""
    currencies = [wallet.balance.currency for wallet in membership.wallets]
    return [
        button(
            translator.text(keys.Button.OTHER_WALLET, currency=other.upper()),
            f"{page_data(membership, other)}:",
        )
        for other in currencies
        if other != currency
    ]


def page_data(membership: schemas.Membership, currency: str) -> str:
    """Return the beginning of the data of a button to one of these pages; a cursor follows.

    Without a currency the pages are those of open payments.
    """
    return f"past:{packed(membership.organization_id)}:{currency}"
