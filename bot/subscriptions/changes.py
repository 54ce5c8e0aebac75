"""One subscription: shown, changed, paused, resumed, canceled, kept where an end is set.

A change and a cancellation are asked for once more before they are made.
"""

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from backend import schemas
from bot.amounts import carried_amount, typed_amount
from bot.locales import keys
from bot.locales.translator import Translator
from bot.organizations.membership import membership_in, require_manager
from bot.subscriptions.screens import is_ending, subscription_facts, subscription_screen
from bot.telegram.context import BotContext
from bot.telegram.errors import unless_unclear
from bot.telegram.money_taps import late_screen
from bot.telegram.refusals import BotRefusal
from bot.telegram.screens import Screen, back_button, button, button_ids

AMOUNT_LENGTH: Final = 15  # as it fits a button, beside the organization and which one


async def view_tapped(context: BotContext) -> None:
    """Show a subscription; refetch it from Stripe while it waits to be paid."""
    subscription = await tapped_subscription(context)
    if subscription.url:
        call = context.backend.check_subscription(context.speaker.id, subscription.id)
        subscription = await unless_unclear(call)
    await context.reply_or_edit(subscription_screen(subscription, context.translator))


async def change_tapped(context: BotContext) -> None:
    """Ask for another amount; the next message is the answer."""
    subscription = await tapped_subscription(context)
    translator = context.translator
    context.open_question(
        "changed_subscription_amount",
        organization=subscription.organization_id.hex,
        subscription=subscription.id.hex,
    )
    facts = subscription_facts(subscription, translator)
    question = translator.html(keys.Subscription.CHANGE, **facts)
    back = back_button(f"sub_look:{button_ids(subscription)}", translator)
    await context.reply_or_edit(Screen(question, ((back,),)))


async def amount_written(facts: Mapping[str, str], context: BotContext) -> None:
    """Parse the typed amount, and ask whether to change to it.

    The question stays open until the amount fits. Raises BotRefusal for what is no amount, or one
    that is too long for a button.
    """
    organization_id, subscription_id = UUID(facts["organization"]), UUID(facts["subscription"])
    subscription = await managed_subscription(organization_id, subscription_id, context)
    amount = typed_amount(context.text, subscription.money.currency, above_zero=True)
    if len(amount.amount) > AMOUNT_LENGTH:
        raise BotRefusal(keys.Refusal.NUMBER_UNREADABLE)
    context.close_question()
    await context.reply(amount_question(subscription, amount, context.translator))


async def amount_tapped(context: BotContext) -> None:
    """Change the amount from the next renewal on."""
    subscription = await tapped_subscription(context)
    amount = carried_amount(context.part("amount"), subscription.money.currency)
    change = schemas.SubscriptionChange(amount=amount.amount)
    await change_subscription(subscription, change, context)


async def amount_tapped_late(context: BotContext) -> None:
    """Ask again whether to change the amount, unless it is changed already."""
    subscription, translator = await tapped_subscription(context), context.translator
    amount = carried_amount(context.part("amount"), subscription.money.currency)
    if amount == subscription.money:
        screen = subscription_screen(subscription, translator)
    else:
        screen = late_screen(amount_question(subscription, amount, translator), translator)
    await context.reply_or_edit(screen)


async def pause_tapped(context: BotContext) -> None:
    """Pause the subscription: nothing is charged until it is resumed."""
    subscription = await tapped_subscription(context)
    await change_subscription(subscription, schemas.SubscriptionChange(paused=True), context)


async def pause_tapped_late(context: BotContext) -> None:
    """Show the subscription, and that the tap came too late unless it is paused."""
    await show_late(await tapped_subscription(context), "active", context)


async def resume_tapped(context: BotContext) -> None:
    """Resume the subscription: it is charged again when it is due."""
    subscription = await tapped_subscription(context)
    await change_subscription(subscription, schemas.SubscriptionChange(paused=False), context)


async def resume_tapped_late(context: BotContext) -> None:
    """Show the subscription, and that the tap came too late while it is paused."""
    await show_late(await tapped_subscription(context), "paused", context)


async def keep_tapped(context: BotContext) -> None:
    """Take back the end that is set, here or at Stripe: the subscription goes on."""
    subscription = await tapped_subscription(context)
    change = schemas.SubscriptionChange(cancel_at_period_end=False)
    await change_subscription(subscription, change, context)


async def keep_tapped_late(context: BotContext) -> None:
    """Show the subscription, and that the tap came too late while an end is set."""
    subscription = await tapped_subscription(context)
    screen = subscription_screen(subscription, context.translator)
    if is_ending(subscription):
        screen = late_screen(screen, context.translator)
    await context.reply_or_edit(screen)


async def end_tapped(context: BotContext) -> None:
    """Ask whether to cancel the subscription."""
    subscription = await tapped_subscription(context)
    await context.reply_or_edit(end_question(subscription, context.translator))


async def end_now_tapped(context: BotContext) -> None:
    """Cancel the subscription."""
    subscription = await tapped_subscription(context)
    canceled = await context.backend.cancel_subscription(context.speaker.id, subscription.id)
    await context.reply_or_edit(subscription_screen(canceled, context.translator))


async def end_now_tapped_late(context: BotContext) -> None:
    """Ask again whether to cancel the subscription, unless it is canceled already."""
    subscription, translator = await tapped_subscription(context), context.translator
    if subscription.status == "canceled":
        screen = subscription_screen(subscription, translator)
    else:
        screen = late_screen(end_question(subscription, translator), translator)
    await context.reply_or_edit(screen)


async def tapped_subscription(context: BotContext) -> schemas.Subscription:
    """Return the subscription that a button names, as `managed_subscription` does."""
    return await managed_subscription(
        context.id("organization"), context.id("subscription"), context
    )


async def managed_subscription(
    organization_id: UUID, subscription_id: UUID, context: BotContext
) -> schemas.Subscription:
    """Return a subscription. Raises BotRefusal for who may not manage its organization."""
    require_manager(membership_in(await context.introduce(), organization_id))
    subscription = await context.backend.get_subscription(context.speaker.id, subscription_id)
    return context.named(subscription)


async def change_subscription(
    subscription: schemas.Subscription, change: schemas.SubscriptionChange, context: BotContext
) -> None:
    """Change a subscription, and show the result. Raises BackendError."""
    user = context.speaker.id
    changed = await context.backend.change_subscription(user, subscription.id, change)
    await context.reply_or_edit(subscription_screen(changed, context.translator))


async def show_late(
    subscription: schemas.Subscription,
    unchanged_status: schemas.SubscriptionStatus,
    context: BotContext,
) -> None:
    """Show a subscription after a late tap; say that it was late where the status is unchanged."""
    screen = subscription_screen(subscription, context.translator)
    if subscription.status == unchanged_status:
        screen = late_screen(screen, context.translator)
    await context.reply_or_edit(screen)


def end_question(subscription: schemas.Subscription, translator: Translator) -> Screen:
    """Return the question whether to cancel a subscription."""
    facts = subscription_facts(subscription, translator)
    ids = button_ids(subscription)
    end = button(translator.text(keys.Button.END_NOW), f"sub_end_now:{ids}")
    back = back_button(f"sub_look:{ids}", translator)
    return Screen(translator.html(keys.Subscription.END, **facts), ((end, back),))


def amount_question(
    subscription: schemas.Subscription, amount: schemas.Money, translator: Translator
) -> Screen:
    """Return the question whether to change the amount from the next renewal on.

    A typed message may have waited at Telegram, so it changes nothing by itself.
    """
    facts = subscription_facts(subscription, translator) | {"new": amount}
    ids = button_ids(subscription)
    yes = button(translator.text(keys.Button.CHANGE_TO, **facts), f"to:{ids}:{amount.amount}")
    back = back_button(f"sub_look:{ids}", translator)
    return Screen(translator.html(keys.Subscription.SURE, **facts), ((yes, back),))
