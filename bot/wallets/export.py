"""/export: a month of each wallet as a file for spreadsheets."""

from datetime import UTC, datetime
from typing import Final

from pydantic import ValidationError
from telegram import InputFile

from backend.schemas import Membership, StatementQuery
from bot.locales.texts import MonthName, Words, short
from bot.telegram.context import BotContext, BotRefusal
from bot.telegram.routing import at_home
from bot.telegram.screens import Screen, button

MONTHS_OFFERED: Final = 4  # this one and the last three


@at_home
async def export(place: Membership, context: BotContext) -> None:
    """/export [2026-11], the button Export, and each of the months: without one, ask which.

    A file for each wallet; where nothing moved, a sentence with the balance.
    """
    month = context.part("month") or "".join(context.text.split(maxsplit=1)[1:])
    if not month:
        await context.reply(months_screen(place, context.words))
        return
    try:
        asked = StatementQuery(month=month, format="json")
    except ValidationError as error:
        newest = last_months(datetime.now(UTC))[0]
        raise BotRefusal("export.unreadable", month=newest) from error
    for wallet in place.wallets:
        asked = asked.model_copy(update={"currency": wallet.balance.currency})
        made = await context.backend.get_statement(context.speaker.id, place.organization_id, asked)
        sentence = context.words.say(
            f"export.{made.empty or 'caption'}",
            organization=short(made.organization_name),
            month=MonthName(month),
            opening=made.opening,
            closing=made.closing,
            count=made.movements,
        )
        if made.empty:
            await context.reply(Screen(sentence))
        else:
            file = InputFile(made.csv.encode(), filename=made.file_name)
            await context.bot.send_document(context.chat_id, file, caption=sentence)


def months_screen(place: Membership, words: Words) -> Screen:
    """A button for each of the last months."""
    rows = []
    for month in last_months(datetime.now(UTC)):
        label = words.plain("button.month", month=MonthName(month))
        rows.append((button(label, f"export:{place.organization_id.hex}:{month}"),))
    name = short(place.organization_name)
    return Screen(words.say("export.question", organization=name), tuple(rows))


def last_months(now: datetime) -> list[str]:
    """The newest first, this one with it: ["2026-01", "2025-12", ...]."""
    newest = now.year * 12 + now.month - 1
    months = range(newest, newest - MONTHS_OFFERED, -1)
    return [f"{month // 12:04}-{month % 12 + 1:02}" for month in months]
