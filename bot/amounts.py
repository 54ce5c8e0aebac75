"""Amounts, typed or carried by a button: the only place where the bot parses them.

The result is Money: the amount that moves. Questions, buttons and requests are made of it and never
of the text that it was read from. A button carries it as `Money.amount`.
"""

from backend.schemas import AmountError, Money, read_money
from bot.locales import keys
from bot.locales.key import Key
from bot.telegram.refusals import BotRefusal, amount_facts


def typed_amount(
    text: str,
    currency: str,
    unreadable: Key = keys.Refusal.NUMBER_UNREADABLE,
    *,
    above_zero: bool,
) -> Money:
    """Parse an amount that a person typed, in major units of `currency`.

    Raises BotRefusal:

    - with the sentence `unreadable` for text that is no amount and, if `above_zero`, for an amount
      of 0 or less
    - with both readings for text that could mean two amounts ("1,000")
    - for more decimals than the currency has
    """
    try:
        amount = read_money(text, currency)
    except AmountError as error:
        key = unreadable if error.code == "amount_unreadable" else keys.REFUSALS[error.code]
        raise BotRefusal(key, **amount_facts(error.facts)) from error
    if above_zero and amount.amount_minor <= 0:
        raise BotRefusal(unreadable)
    return amount


def carried_amount(text: str, currency: str) -> Money:
    """Parse the amount in a button's data. Raises BotRefusal where it could mean two amounts."""
    try:
        return read_money(text, currency)
    except AmountError as error:  # from a version that put there what was typed
        raise BotRefusal(keys.Notice.TOO_OLD) from error
