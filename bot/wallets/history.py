"""/history: what moved in a wallet and which payments are open, page by page in one message.

Every button names its organization and the row its page begins after, so that a page stays the
same page whatever comes in meanwhile. The backend decides anew on each tap who may see it.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from telegram import InlineKeyboardButton

from backend import schemas
from bot.locales.texts import Fact, Words, short
from bot.organizations.membership import may_top_up, needed_role, place_in
from bot.telegram.context import BotContext
from bot.telegram.routing import at_home
from bot.telegram.screens import Screen, button, packed, turning

PAGE: Final = 8  # lines in a message
OPEN: Final[list[schemas.PaymentStatus]] = ["created", "pending", "processing"]
WALLETS_IN_A_ROW: Final = 4


@at_home
async def history(place: schemas.Membership, context: BotContext) -> None:
    """/history: the newest movements of the current organization's default wallet."""
    await show_movements(place, place.wallets[0].balance.currency, None, context)


async def page_tapped(context: BotContext) -> None:
    """Newer, Older, another wallet, and from movements to open payments and back."""
    place = place_in(await context.introduce(), context.id("organization"))
    currency, cursor = context.part("currency"), context.part("cursor") or None
    if currency:
        await show_movements(place, currency, cursor, context)
    else:
        await show_open(place, cursor, context)


async def show_movements(
    place: schemas.Membership, currency: str, cursor: str | None, context: BotContext
) -> None:
    """What came and went; where nothing did, how to begin."""
    words = context.words
    asked = schemas.TransactionsQuery(currency=currency, cursor=cursor, limit=PAGE)
    page = await context.backend.list_transactions(context.speaker.id, place.organization_id, asked)
    name, code = short(place.organization_name), currency.upper()
    lines = [words.say("history.movements", organization=name, currency=code)]
    lines += by_day(page.transactions, words)
    if not page.transactions:
        empty = "history.empty" if may_top_up(place) else "history.empty_member"
        lines.append(words.say(empty, role=needed_role(words)))
    export = button(words.plain("button.export"), f"export:{place.organization_id.hex}:")
    switch = page_button("button.open_payments", place, "", words)
    others = [
        page_button("button.other_wallet", place, wallet.balance.currency, words)
        for wallet in place.wallets
        if wallet.balance.currency != currency
    ]
    rows = [turning(page, pages(place, currency), words), [switch, export]]
    for start in range(0, len(others), WALLETS_IN_A_ROW):
        rows.append(others[start : start + WALLETS_IN_A_ROW])
    await context.show(Screen("\n".join(lines), tuple(tuple(row) for row in rows if row)))


async def show_open(place: schemas.Membership, cursor: str | None, context: BotContext) -> None:
    """Payments that may still be paid, or that a bank works on."""
    words, id = context.words, place.organization_id
    asked = schemas.PaymentsQuery(organization_id=id, status=OPEN, cursor=cursor, limit=PAGE)
    page = await context.backend.list_payments(context.speaker.id, asked)
    lines = [words.say("history.open", organization=short(place.organization_name))]
    lines += by_day(page.payments, words)
    if not page.payments:
        lines.append(words.say("history.none_open"))
    back = page_button("button.movements", place, place.wallets[0].balance.currency, words)
    rows = (turning(page, pages(place, ""), words), [back])
    await context.show(Screen("\n".join(lines), tuple(tuple(row) for row in rows if row)))


def by_day(listed: Sequence[schemas.Transaction | schemas.Payment], words: Words) -> Iterator[str]:
    """A line for each, the first of each day below its date."""
    day = None
    for one in listed:
        if day != (day := words.day_of(one.created_at)):
            yield words.say("history.day", day=day)
        payer = short(one.paid_by or words.plain("payment.somebody"))
        facts: dict[str, Fact] = {"time": one.created_at, "amount": one.money, "payer": payer}
        if isinstance(one, schemas.Transaction):
            yield words.say(f"history.{one.kind}", balance=one.balance, **facts)
        else:
            status = words.plain(f"status.{one.status}")
            yield words.say("history.payment", status=status, reference=one.reference, **facts)


def page_button(
    key: str, place: schemas.Membership, currency: str, words: Words
) -> InlineKeyboardButton:
    """Leads to the newest page: of a wallet's movements, or without a currency of open payments."""
    return button(words.plain(key, currency=currency.upper()), f"{pages(place, currency)}:")


def pages(place: schemas.Membership, currency: str) -> str:
    """How the data of a button to any of these pages begins; a cursor follows."""
    return f"past:{packed(place.organization_id)}:{currency}"
