"""/export: a month of each wallet as a CSV file."""

from datetime import UTC, datetime
from typing import Final

from pydantic import ValidationError
from telegram import InputFile

from backend.schemas import Membership, Statement, StatementQuery
from bot.locales import keys
from bot.locales.translator import MonthName, Translator, short
from bot.organizations.organization import in_organization
from bot.telegram.context import BotContext
from bot.telegram.refusals import BotRefusal
from bot.telegram.screens import Screen, button

MONTHS_OFFERED: Final = 4  # this one and the last three


@in_organization
async def export(membership: Membership, context: BotContext) -> None:
    """Answer /export [2026-11] and the button Export; without a month, offer the last ones.

    Each wallet gives a file, or a sentence with the balance where it had no transactions. Raises
    BotRefusal for what is no month.
    """
    month = context.part("month") or context.arguments
    if not month:
        await context.reply(months_screen(membership, context.translator))
        return
    try:
        query = StatementQuery(month=month, format="json")
    except ValidationError as error:
        newest = last_months(datetime.now(UTC))[0]
        raise BotRefusal(keys.Export.UNREADABLE, month=newest) from error
    for wallet in membership.wallets:
        statement = await context.backend.get_statement(
            context.speaker.id,
            membership.organization_id,
            query.model_copy(update={"currency": wallet.balance.currency}),
        )
        await send_statement(statement, context)


async def send_statement(statement: Statement, context: BotContext) -> None:
    """Send a month of a wallet as a file, or a sentence where it is empty."""
    key = keys.EMPTY_STATEMENTS[statement.empty] if statement.empty else keys.Export.CAPTION
    sentence = context.translator.html(
        key,
        organization=short(statement.organization_name),
        month=MonthName(statement.month),
        opening=statement.opening,
        closing=statement.closing,
        count=statement.movements,
    )
    if statement.empty:
        await context.reply(Screen(sentence))
    else:
        file = InputFile(statement.csv.encode(), filename=statement.file_name)
        await context.bot.send_document(context.chat_id, file, caption=sentence)


def months_screen(membership: Membership, translator: Translator) -> Screen:
    """Return a button for each of the last months."""
    rows = []
    for month in last_months(datetime.now(UTC)):
        label = translator.text(keys.Button.MONTH, month=MonthName(month))
        rows.append((button(label, f"export:{membership.organization_id.hex}:{month}"),))
    name = short(membership.organization_name)
    return Screen(translator.html(keys.Export.QUESTION, organization=name), tuple(rows))


def last_months(now: datetime) -> list[str]:
    """Return the offered months, newest first, from that of `now`: ["2026-01", "2025-12"]."""
    newest = now.year * 12 + now.month - 1
    months = range(newest, newest - MONTHS_OFFERED, -1)
    return [f"{month // 12:04}-{month % 12 + 1:02}" for month in months]
