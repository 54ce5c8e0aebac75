"""How a recurring top-up begins: which package or amount, then by which card or by a link.

A button that begins one has a number of its own, so that it begins one, however often it arrives.
"""

from functools import partial
from secrets import token_hex
from typing import Final

from backend.schemas import SubscriptionRequest
from bot.cards import saved_methods
from bot.context import BotContext
from bot.membership import place_in
from bot.screens import Screen, button, packed, unpacked, written_amount
from bot.subscriptions import back_button, one_screen
from bot.texts import Price, short
from bot.topup import usual_amounts

MOST_PACKAGES: Final = 8
PACKAGE_LENGTH: Final = 22  # of a packed id; an amount is shorter


async def new_tapped(context: BotContext) -> None:
    """How much each week or month: packages of that kind, and the wallet's usual amounts."""
    place = place_in(await context.introduce(), context.id("organization"))
    words, wallet, interval = context.words, place.wallets[0], context.part("interval")
    offered = (await context.backend.packages(context.speaker.id)).packages
    choices = [
        (words.plain("button.package", name=short(one.name), amount=one.money), packed(one.id))
        for one in offered
        if one.interval == interval
    ][:MOST_PACKAGES]
    for amount in usual_amounts(wallet):
        price = Price(amount, wallet.balance.currency)
        choices.append((words.plain("button.amount", amount=price), amount))
    data = f"{packed(place.organization_id)}:{interval}:{{}}:{token_hex(3)}"
    rows = [(button(label, f"begin:{data.format(what)}"),) for label, what in choices]
    rows.append((back_button(place.organization_id.hex, words),))
    facts = {"interval": words.plain(f"interval.{interval}")}
    asked = words.say("recurring.new", organization=short(place.organization_name), **facts)
    context.memory.question = partial(amount_chosen, data, wallet.balance.currency, asked)
    await context.show(Screen(asked, tuple(rows)))


async def amount_chosen(data: str, currency: str, asked: str, context: BotContext) -> None:
    """An amount that was typed instead of tapping one: a button like the others, with it."""
    amount = written_amount(context.text)
    if amount is None:
        await context.say("refusal.amount_unreadable")
        return
    context.memory.question = None
    label = context.words.plain("button.amount", amount=Price(amount, currency))
    await context.reply(Screen(asked, ((button(label, f"begin:{data.format(amount)}"),),)))


async def begin_tapped(context: BotContext) -> None:
    """By a link, or with the default card where there is one; then the new one in this message."""
    place = place_in(await context.introduce(), context.id("organization"))
    methods = await saved_methods(place.organization_id, context)
    card = next((method for method in methods if method.is_default), None)
    how, words, data = context.part("how"), context.words, context.part("rest")
    if card and not how:
        pay = words.plain("button.with_card", card=card.display_name)
        rows = (
            (button(pay, f"go_c:{data}"),),
            (button(words.plain("button.by_link"), f"go_l:{data}"),),
        )
        name = short(place.organization_name)
        await context.show(Screen(words.say("recurring.how", organization=name), rows))
        return
    terms: dict[str, object] = {"organization_id": place.organization_id}
    if len(what := context.part("what")) == PACKAGE_LENGTH:
        terms["package_id"] = unpacked(what)
    else:
        currency = place.wallets[0].balance.currency
        terms |= {"amount": what, "interval": context.part("interval"), "currency": currency}
    if card and how == "c":
        terms["payment_method_id"] = card.id
    key = f"{context.chat_id}:{context.part('once')}:recurring"
    request = SubscriptionRequest.model_validate(terms)
    made = await context.backend.subscribe(context.speaker.id, request, key)
    await context.show(one_screen(made, words))
