"""/export: a month of each wallet as a CSV file, in the reader's language and with its separators.

A button below the file sends it with other separators: the program that opens it may be one of
another region than its reader, or a script.
"""

import re
from typing import Final

from pydantic import ValidationError
from telegram import InlineKeyboardButton, InputFile

from backend.schemas import Membership, Statement, StatementQuery, StatementSeparators
from bot.locales import keys
from bot.locales.translator import MonthName, Translator, short
from bot.organizations.organization import in_organization
from bot.personal_settings.labels import zone_label
from bot.telegram.context import BotContext
from bot.telegram.refusals import BotRefusal
from bot.telegram.retries import repeat_after_429
from bot.telegram.screens import Screen, button

MONTHS_OFFERED: Final = 4  # this one and the last three
SEMICOLONS: Final = "semicolons"
LANGUAGE_TAG: Final = re.compile("[a-z]{2,3}(-[a-z0-9]{2,8}){0,3}")
PLAIN: Final = "plain"  # in English with commas and points, as the API writes it


@in_organization
async def export(membership: Membership, context: BotContext) -> None:
    """Answer /export [2026-11 [plain]] and the button Export; without a month, offer the last ones.

    Each wallet gives a file, or a sentence with the balance where it had no transactions. Raises
    BotRefusal for what is no month.
    """
    typed_month, _, typed_form = context.arguments.partition(" ")
    month = context.part("month") or typed_month
    form = context.part("form") or typed_form.strip().lower()
    if not month:
        await context.reply(months_screen(membership, context.translator))
        return
    try:
        query = statement_query(month, form, file_language(context))
    except ValidationError as error:
        raise BotRefusal(keys.Export.UNREADABLE, month=membership.accounting.month) from error
    for wallet in membership.wallets:
        statement = await context.backend.get_statement(
            context.speaker.id,
            membership.organization_id,
            query.model_copy(update={"currency": wallet.balance.currency}),
        )
        await send_statement(membership, statement, context)


def file_language(context: BotContext) -> str:
    """Return the reader's language, or that of their client where the bot does not have it.

    Then the file's separators at least are those of their region.
    """
    own, client = context.translator.language, (context.speaker.language_code or "").lower()
    is_fallback = client.partition("-")[0] not in context.bot_data.texts.languages
    return client if is_fallback and LANGUAGE_TAG.fullmatch(client) else own


def statement_query(month: str, form: str, language: str) -> StatementQuery:
    """Return the query for a month in a form: "" is that of the reader's `language`.

    Raises ValidationError for what is no month, and for an unknown form.
    """
    if form == PLAIN:
        return StatementQuery(month=month, format="json")
    separators: StatementSeparators | None = "semicolon" if form == SEMICOLONS else None
    month = month if form in ("", SEMICOLONS) else f"{month} {form}"
    return StatementQuery(month=month, format="json", language=language, separators=separators)


async def send_statement(membership: Membership, statement: Statement, context: BotContext) -> None:
    """Send a month of a wallet as a file, or a sentence where it is empty."""
    key = keys.EMPTY_STATEMENTS[statement.empty] if statement.empty else keys.Export.CAPTION
    sentence = context.translator.html(
        key,
        organization=short(membership.organization_name),
        month=MonthName(statement.month),
        zone=zone_label(statement.time_zone),
        opening=statement.opening,
        closing=statement.closing,
        count=statement.movements,
    )
    if statement.empty:
        await context.reply(Screen(sentence))
    else:
        file = InputFile(statement.csv.encode(), filename=statement.file_name)
        screen = Screen(sentence, ((other_form_button(membership, statement, context),),))
        await repeat_after_429(
            lambda: context.bot.send_document(
                context.chat_id, file, caption=screen.text, reply_markup=screen.keyboard
            )
        )


def other_form_button(
    membership: Membership, statement: Statement, context: BotContext
) -> InlineKeyboardButton:
    """Return the button that sends the month plain, or with semicolons where it has commas."""
    has_semicolons = ";" in statement.csv.partition("\n")[0]
    form = PLAIN if has_semicolons else SEMICOLONS
    key = keys.Button.PLAIN_FILE if has_semicolons else keys.Button.SEMICOLON_FILE
    data = f"export:{membership.organization_id.hex}:{statement.month}:{form}"
    return button(context.translator.text(key), data)


def months_screen(membership: Membership, translator: Translator) -> Screen:
    """Return a button for each of the last months, by the organization's time zone."""
    accounting, rows = membership.accounting, []
    for month in last_months(accounting.month):
        label = translator.text(keys.Button.MONTH, month=MonthName(month))
        rows.append((button(label, f"export:{membership.organization_id.hex}:{month}"),))
    name = short(membership.organization_name)
    question = translator.html(
        keys.Export.QUESTION, organization=name, zone=zone_label(accounting.time_zone)
    )
    return Screen(question, tuple(rows))


def last_months(this_month: str) -> list[str]:
    """Return the offered months, newest first: ["2026-01", "2025-12"] from "2026-01" on."""
    newest = int(this_month[:4]) * 12 + int(this_month[5:]) - 1
    months = range(newest, newest - MONTHS_OFFERED, -1)
    return [f"{month // 12:04}-{month % 12 + 1:02}" for month in months]
