"""Buttons below a list of payments, each of which opens one."""

from collections.abc import Iterator, Sequence
from typing import Final

from telegram import InlineKeyboardButton

from backend.schemas import Payment, Transaction
from bot.locales import keys
from bot.locales.translator import Translator
from bot.telegram.screens import Row, button

BUTTONS_IN_A_ROW: Final = 2


def payment_rows(
    items: Sequence[Payment | Transaction], translator: Translator, *, by_day: bool = False
) -> tuple[Row, ...]:
    """Return a button for each payment among the items, by the time and amount of its line.

    `by_day`: by the day of payment instead, for lines that name that.
    """
    buttons = list(payment_buttons(items, translator, by_day=by_day))
    starts = range(0, len(buttons), BUTTONS_IN_A_ROW)
    return tuple(tuple(buttons[start : start + BUTTONS_IN_A_ROW]) for start in starts)


def payment_buttons(
    items: Sequence[Payment | Transaction], translator: Translator, *, by_day: bool
) -> Iterator[InlineKeyboardButton]:
    """Yield the buttons; one for a payment that several lines are about."""
    seen = set()
    for item in items:
        payment_id = item.payment_id if isinstance(item, Transaction) else item.id
        if payment_id is not None and payment_id not in seen:
            seen.add(payment_id)
            label = payment_label(item, translator, by_day=by_day)
            yield button(label, f"open:{payment_id.hex}")


def payment_label(item: Payment | Transaction, translator: Translator, *, by_day: bool) -> str:
    """Return the name of a payment on a button."""
    if not by_day:
        return translator.text(keys.Button.PAYMENT, time=item.created_at, amount=item.money)
    paid_at = item.succeeded_at if isinstance(item, Payment) else None
    day = translator.day_of(paid_at or item.created_at)
    return translator.text(keys.Button.PAYMENT_OF_DAY, day=day, amount=item.money)
