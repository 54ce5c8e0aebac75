"""How to pay an amount: with a saved card, which one tap charges, or on Stripe's page.

The message that asks becomes the payment's, whichever way: no two taps in it pay twice.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final
from uuid import UUID

from backend.schemas import ChargeRequest, Me, Money, PaymentMethod, ShownIn
from bot.amounts import carried_amount
from bot.locales.texts import Words, short
from bot.organizations.membership import debt_lines, place_in
from bot.payment_methods.cards import called, pair, saved_methods
from bot.telegram.context import BotContext
from bot.telegram.screens import Row, Screen, button, wallet_data

MOST_CARDS: Final = 10


async def ways_to_pay(
    me: Me, organization_id: UUID, amount: Money, context: BotContext
) -> Screen | None:
    """The organization's cards, the default first, and Stripe's page.

    None where there is nothing to choose, or where the backend should look at the amount first.
    """
    place, currency = place_in(me, organization_id), amount.currency
    limits = [one.limits for one in place.wallets if one.limits.currency == currency]
    sum = Decimal(amount.amount)
    if not any(Decimal(it.minimum) <= sum <= Decimal(it.maximum) for it in limits):
        return None
    usable, words = await usable_methods(organization_id, context), context.words
    if not usable:
        return None
    name = short(place.organization_name)
    lines = [words.say("charge.how", amount=amount, organization=name)]
    lines += debt_lines(place, currency, words)
    rest = f"{currency}:{amount.amount}"  # 9 digits at most: the limits of every currency
    page = f"{wallet_data('page', organization_id, currency)}:{amount.amount}"
    otherwise = (button(words.plain("button.payment_page"), page),)
    ways = {f"with:{pair(card)}:{rest}": card for card in usable}
    return ways_screen(lines, ways, otherwise, words)


def ways_screen(
    lines: Sequence[str], ways: Mapping[str, PaymentMethod], otherwise: Row, words: Words
) -> Screen:
    """The question how to pay: a button per card, by what it does, and then `otherwise`."""
    rows = []
    for data, card in ways.items():
        rows.append((button(words.plain("button.pay_with", card=called(card)), data),))
    if (more := len(rows) - MOST_CARDS) > 0:
        lines = (*lines, words.say("charge.more", count=more))
    return Screen("\n".join(lines), (*rows[:MOST_CARDS], otherwise))


async def usable_methods(organization_id: UUID, context: BotContext) -> list[PaymentMethod]:
    """What an organization can pay with today, the default first."""
    saved = await saved_methods(organization_id, context)
    return [method for method in saved if method.standing != "expired"]


async def card_tapped(context: BotContext) -> None:
    """Pay with this card: the backend charges it, and this message becomes the payment's."""
    await context.introduce()
    amount = carried_amount(context.part("amount"), context.part("currency"))
    request = ChargeRequest(
        organization_id=context.id("organization"),
        amount=amount.amount,
        currency=amount.currency,
        payment_method_id=context.id("card"),
        shown_in=ShownIn(chat_id=context.chat_id, message_id=context.message_id),
    )
    await context.backend.charge_payment_method(
        context.speaker.id, request, idempotency_key=charge_key(context)
    )


def charge_key(context: BotContext) -> str:
    """What is charged from one message is charged once."""
    return f"{context.chat_id}:{context.message_id}:topup"
