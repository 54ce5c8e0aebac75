"""The one place where the bot reads an amount, whether it was typed or a button carries it.

What comes out is Money: the amount that moves. Questions, buttons and requests are made of that,
never of the text it was read from; and a button carries it as `Money.amount`.
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
    """Read what somebody typed, in the currency that it is asked in.

    Raises BotRefusal: with the sentence `unreadable` where it is none or, `above_zero`, too little;
    with both readings where it could mean two amounts.
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
    """Read the amount that a button's data carries. Raises BotRefusal where it could mean two."""
    try:
        return read_money(text, currency)
    except AmountError as error:  # from a version that put there what was typed
        raise BotRefusal(keys.Notice.TOO_OLD) from error
