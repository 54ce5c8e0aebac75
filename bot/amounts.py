"""The one place where the bot reads an amount, whether it was typed or a button carries it.

What comes out is Money: the amount that moves. Questions, buttons and requests are made of that,
never of the text it was read from; and a button carries it as `Money.amount`.
"""

from collections.abc import Mapping
from decimal import ROUND_DOWN, Decimal
from typing import Final

from backend.schemas import CURRENCIES, AmountNotRead, Money, read_money
from bot.locales.texts import Fact, Price
from bot.telegram.context import BotRefusal

AS_PRICES: Final = ("minimum", "maximum", "step", "most")


def typed_amount(
    text: str, currency: str, unreadable: str = "refusal.number_unreadable", *, above_zero: bool
) -> Money:
    """What somebody typed, in the currency that it is asked in.

    Raises BotRefusal: with the sentence `unreadable` where it is none or, `above_zero`, too little;
    with both readings where it could mean two amounts.
    """
    try:
        amount = read_money(text, currency)
    except AmountNotRead as fault:
        key = unreadable if fault.code == "amount_unreadable" else f"refusal.{fault.code}"
        raise BotRefusal(key, **amount_facts(fault.facts)) from fault
    if above_zero and amount.amount_minor <= 0:
        raise BotRefusal(unreadable)
    return amount


def carried_amount(text: str, currency: str) -> Money:
    """The amount that a button's data carries. Raises BotRefusal where it could mean two."""
    try:
        return read_money(text, currency)
    except AmountNotRead as fault:  # from a version that put there what was typed
        raise BotRefusal("notice.too_old") from fault


def amount_facts(facts: Mapping[str, str]) -> dict[str, Fact]:
    """What the sentence about a refused amount names, from the refusal's facts."""
    named: dict[str, Fact] = {}
    currency = facts.get("currency", "")
    for name, value in facts.items():
        if name in AS_PRICES and currency:
            named[name] = Price(value, currency)
        elif name in ("currency", "currencies"):
            named[name] = value.upper()
        elif name == "readings":
            less, more = value.split()
            named |= {"less": Price(less, currency), "more": Price(more, currency)}
            named |= {"less_typed": plain(less, currency), "more_typed": plain(more, currency)}
    return named


def plain(reading: str, currency: str) -> str:
    """How to type it so that it means one amount: no more decimals than the currency has."""
    step = Decimal(1).scaleb(-CURRENCIES[currency].shown)
    return str(Decimal(reading).quantize(step, ROUND_DOWN))
