"""Changes of a saved payment method: its label, which is the default, its removal."""

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from backend import schemas
from bot.locales import keys
from bot.locales.translator import Translator
from bot.payment_methods.cards import cards, tapped_payment_method
from bot.payment_methods.screens import payment_method_screen
from bot.telegram.context import BotContext
from bot.telegram.money_taps import late_screen
from bot.telegram.refusals import BotRefusal
from bot.telegram.screens import Screen, back_button, button, button_ids

LABEL_LENGTH: Final = 50  # as the backend takes it


async def default_tapped(context: BotContext) -> None:
    """Make the payment method the default, and show the list."""
    method, _ = await tapped_payment_method(context)
    await context.backend.set_default_payment_method(context.speaker.id, method.id)
    await cards(context)


async def default_tapped_late(context: BotContext) -> None:
    """Show the payment method; the question again unless it is the default already."""
    method, _ = await tapped_payment_method(context)
    screen = payment_method_screen(method, context.translator)
    if not method.is_default:
        screen = late_screen(screen, context.translator)
    await context.reply_or_edit(screen)


async def label_tapped(context: BotContext) -> None:
    """Ask for a label of a payment method; the next message is the answer."""
    method, card = await tapped_payment_method(context)
    context.open_question("payment_method_label", payment_method=method.id.hex)
    translator = context.translator
    question = translator.html(keys.PaymentMethods.LABEL, card=card)
    back = back_button(f"card:{button_ids(method)}", translator)
    await context.reply_or_edit(Screen(question, ((back,),)))


async def label_written(facts: Mapping[str, str], context: BotContext) -> None:
    """Set the typed label; the question stays open until it fits.

    Raises BotRefusal for one that is too long.
    """
    if len(context.text) > LABEL_LENGTH:
        raise BotRefusal(keys.PaymentMethods.LABEL_TOO_LONG, count=LABEL_LENGTH)
    await context.introduce()
    change = schemas.MethodChange(label=context.text)
    changed = await context.backend.change_payment_method(
        context.speaker.id, UUID(facts["payment_method"]), change
    )
    context.close_question()
    await context.reply(payment_method_screen(changed, context.translator))


async def remove_tapped(context: BotContext) -> None:
    """Ask whether the payment method shall be removed."""
    method, card = await tapped_payment_method(context)
    await context.reply_or_edit(await removal_question(method, card, context))


async def remove_now_tapped(context: BotContext) -> str:
    """Remove the payment method, and show the list; repeating it changes nothing."""
    await context.introduce()
    await context.backend.remove_payment_method(context.speaker.id, context.id("card"))
    await cards(context)
    return context.translator.text(keys.Notice.CARD_REMOVED)


async def remove_now_tapped_late(context: BotContext) -> None:
    """Ask again whether the payment method shall be removed."""
    method, card = await tapped_payment_method(context)
    question = await removal_question(method, card, context)
    await context.reply_or_edit(late_screen(question, context.translator))


async def keep_tapped(context: BotContext) -> None:
    """Confirm that a payment method stays, of which whoever added it has left."""
    _, card = await tapped_payment_method(context)
    text = context.translator.html(keys.PaymentMethods.STAYS, card=card)
    await context.reply_or_edit(Screen(text))


async def removal_question(method: schemas.PaymentMethod, card: str, context: BotContext) -> Screen:
    """Return the question whether to remove a payment method, with the subscriptions it pays."""
    translator, ids = context.translator, button_ids(method)
    lines = [translator.html(keys.PaymentMethods.REMOVE, card=card)]
    listed = await context.backend.list_subscriptions(context.speaker.id, method.organization_id)
    lines += [
        subscription_line(subscription, translator)
        for subscription in listed.subscriptions
        if subscription.payment_method_id == method.id
    ]
    remove = button(translator.text(keys.Button.REMOVE_CARD), f"remove_card_now:{ids}")
    back = back_button(f"card:{ids}", translator)
    return Screen("\n".join(lines), ((remove, back),))


def subscription_line(subscription: schemas.Subscription, translator: Translator) -> str:
    """Return a line on a subscription that loses its payment method."""
    interval = translator.text(keys.INTERVAL_NAMES[subscription.interval])
    return translator.html(keys.PaymentMethods.PAYS, amount=subscription.money, interval=interval)
