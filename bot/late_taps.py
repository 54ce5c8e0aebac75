"""What is shown for a tap that came too late: the same question again, as things stand now.

A tap that was acted on comes here too, when it is handed out twice: its first delivery answered it,
and the process died. So what began under its key is asked first, or how things stand.
"""

from dataclasses import replace

from backend.schemas import Attempt
from bot.amounts import carried_amount
from bot.locales.texts import Words
from bot.organizations.membership import managed, place_in
from bot.payment_methods import cards
from bot.payments import charges, refunds
from bot.subscriptions import packages, recurring as subscriptions
from bot.telegram.context import BotContext
from bot.telegram.screens import Screen, button


def too_late(screen: Screen, words: Words) -> Screen:
    """The question, after a sentence that says why it is asked again."""
    return replace(screen, text=f"{words.say('tap.too_late')}\n\n{screen.text}")


async def begun(key: str, context: BotContext) -> Attempt:
    """What the speaker began under this key."""
    return await context.backend.get_attempt(context.speaker.id, key)


async def charge(context: BotContext) -> None:
    """How to pay, again; a payment that began has this message, and is shown in it."""
    me = await context.introduce()
    if (await begun(charges.charge_key(context), context)).payment_id:
        return
    amount = carried_amount(context.part("amount"), context.part("currency"))
    ways = await charges.ways_to_pay(me, context.id("organization"), amount, context)
    if ways:
        await context.show(too_late(ways, context.words))
    else:
        again = button(context.words.plain("button.top_up"), "topup")
        await context.show(Screen(context.words.say("tap.too_late"), ((again,),)))


async def refund(context: BotContext) -> None:
    """Whether to send it back, again; or what came of it."""
    payment = await refunds.refunded_by(context, context.id("payment"))
    amount = carried_amount(context.part("amount"), payment.money.currency)
    attempt = await begun(refunds.refund_key(amount, context), context)
    made = [one for one in payment.refunds if one.id == attempt.refund_id]
    if made and refunds.said_as(made[0]) != "failed":
        await context.show(refunds.made_screen(payment, made[0], context.words))
        return
    payment = await refunds.refundable(context, payment.id)
    question = refunds.sure_screen(payment, amount, context.words)
    await context.show(too_late(question, context.words))


async def begin(context: BotContext) -> None:
    """How to pay a new recurring top-up, again; or the one that began."""
    place = managed(place_in(await context.introduce(), context.id("organization")))
    if made := (await begun(packages.begin_key(context), context)).subscription_id:
        one = await context.backend.get_subscription(context.speaker.id, made)
        await context.show(subscriptions.one_screen(one, context.words))
        return
    can_pay = await packages.cards_of(place, context)
    question = await packages.how_screen(place, can_pay, context.part("rest"), context)
    await context.show(too_late(question, context.words))


async def act(context: BotContext) -> None:
    """A recurring top-up as it stands, with the question before its end; or that it is done."""
    one, words = await subscriptions.named(context), context.words
    act = context.part("act")
    screen = subscriptions.one_screen(one, words)
    if act == "end_now" and one.status != "canceled":
        screen = too_late(subscriptions.question(one, "end", words), words)
    elif act == "to":
        amount = carried_amount(context.part("amount"), one.money.currency)
        if amount != one.money:
            screen = too_late(subscriptions.amount_question(one, amount, words), words)
    elif (act, one.status) in (("pause", "active"), ("resume", "paused")):
        screen = too_late(screen, words)
    await context.show(screen)


async def card(context: BotContext) -> None:
    """A card as it stands: before it is the default, or is removed."""
    method, words = await cards.named(context), context.words
    if context.part("act") == "remove_card_now":
        screen = too_late(await cards.remove_question(method, context), words)
    else:
        screen = cards.card_screen(method, words)
        screen = screen if method.is_default else too_late(screen, words)
    await context.show(screen)
