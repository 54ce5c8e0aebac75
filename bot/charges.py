"""How to pay an amount: with a saved card, which one tap charges, or on Stripe's page.

The message that asks becomes the payment's, whichever way: no two taps in it pay twice.
"""

from typing import Final

from backend.schemas import ChargeRequest, Me, ShownIn
from bot.cards import called, pair, saved_methods
from bot.context import BotContext, WalletName
from bot.membership import debt, place_in
from bot.screens import Row, Screen, button, wallet_data, written_amount
from bot.texts import Price, short

LONGEST_AMOUNT: Final = 9  # as it fits a button, beside the organization and the card
MOST_CARDS: Final = 10


async def ways_to_pay(
    me: Me, wallet: WalletName, amount: str, context: BotContext
) -> Screen | None:
    """The organization's cards, the default first, and Stripe's page.

    None where there is nothing to choose, or where the backend should look at the amount first.
    """
    written = written_amount(amount)
    if written is None or len(written) > LONGEST_AMOUNT:
        return None
    methods = await saved_methods(wallet.organization_id, context)
    usable = [method for method in methods if method.standing != "expired"]
    if not usable:
        return None
    words, place = context.words, place_in(me, wallet.organization_id)
    name, price = short(place.organization_name), Price(written, wallet.currency)
    lines = [words.say("charge.how", amount=price, organization=name)]
    for kept in (each.balance for each in place.wallets):
        if kept.currency == wallet.currency and (owed := debt(kept)):
            lines.append(words.say("topup.debt", debt=owed))
    if len(usable) > MOST_CARDS:
        lines.append(words.say("charge.more", count=len(usable) - MOST_CARDS))
    rows: list[Row] = []
    for method in usable[:MOST_CARDS]:
        data = f"with:{pair(method)}:{wallet.currency}:{written}"
        rows.append((button(words.plain("button.pay_with", card=called(method)), data),))
    page = f"{wallet_data('page', *wallet)}:{written}"
    rows.append((button(words.plain("button.payment_page"), page),))
    return Screen("\n".join(lines), tuple(rows))


async def card_tapped(context: BotContext) -> None:
    """Pay with this card: the backend charges it, and this message becomes the payment's."""
    await context.introduce()
    request = ChargeRequest(
        organization_id=context.id("organization"),
        amount=context.part("amount"),
        currency=context.part("currency"),
        payment_method_id=context.id("card"),
        shown_in=ShownIn(chat_id=context.chat_id, message_id=context.message_id),
    )
    key = f"{context.chat_id}:{context.message_id}:topup"
    await context.backend.charge(context.speaker.id, request, key)
