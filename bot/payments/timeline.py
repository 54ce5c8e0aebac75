"""The timeline of a payment: what happened when, and what it waits for.

Where it waits for something that Stripe can tell, Stripe is asked first, and what got lost on the
way is applied. So opening the timeline is what somebody does about a payment that is stuck.
"""

from collections.abc import Iterator
from typing import Final

from backend.schemas import Payment, PaymentStep, Timeline
from bot.backend_api.errors import BackendRefusal
from bot.locales import keys
from bot.locales.key import Key
from bot.locales.translator import Fact, Translator, short
from bot.payments.message import payment_button
from bot.payments.opening import WITHOUT_STRIPE
from bot.telegram.context import BotContext
from bot.telegram.screens import Screen

MAX_STEPS: Final = 25  # they fit a message, however long their names are


async def steps_tapped(context: BotContext) -> None:
    """Show the timeline in a message of its own."""
    await context.introduce()
    await context.reply(await checked_timeline_screen(context))


async def steps_again_tapped(context: BotContext) -> None:
    """Ask Stripe once more, and show the timeline in the same message."""
    await context.introduce()
    await context.reply_or_edit(await checked_timeline_screen(context))


async def checked_timeline_screen(context: BotContext) -> Screen:
    """Return the timeline, after asking Stripe where the payment waits. Raises BackendError."""
    user, payment_id = context.speaker.id, context.id("payment")
    timeline, unchecked = await context.backend.get_timeline(user, payment_id), False
    if timeline.waits_for not in (None, "telegram"):
        try:
            await context.backend.check_payment(user, payment_id)
        except BackendRefusal as refusal:
            if refusal.code not in WITHOUT_STRIPE:
                raise
            unchecked = True
        timeline = await context.backend.get_timeline(user, payment_id)
    payment = context.named(timeline.payment)
    return timeline_screen(timeline, payment, unchecked, context.translator)


def timeline_screen(
    timeline: Timeline, payment: Payment, unchecked: bool, translator: Translator
) -> Screen:
    """Return the steps by day, the newest MAX_STEPS of them, and what comes next."""
    facts: dict[str, Fact] = {
        "amount": payment.money,
        "organization": short(payment.organization_name),
        "reference": payment.reference,
    }
    lines = [translator.html(keys.Timeline.TITLE, **facts)]
    hidden = len(timeline.steps) - MAX_STEPS
    if hidden > 0:
        lines.append(translator.html(keys.Timeline.EARLIER, count=hidden))
    lines += step_lines(timeline.steps[-MAX_STEPS:], translator)
    lines.append("\n" + translator.html(keys.WAITS_FOR[timeline.waits_for], **facts))
    if unchecked:
        lines.append(translator.html(keys.Timeline.UNCHECKED))
    if timeline.waits_for is None:
        return Screen("\n".join(lines))
    check = payment_button(keys.Button.CHECK, "steps_again", payment, translator)
    return Screen("\n".join(lines), ((check,),))


def step_lines(steps: list[PaymentStep], translator: Translator) -> Iterator[str]:
    """Yield a line for each step, the first of each day below its date."""
    previous_day = None
    for step in steps:
        sentence = translator.html(step_key(step), **step_facts(step, translator))
        if step.at is None:
            yield sentence
            continue
        day = translator.day_of(step.at)
        if day != previous_day:
            yield translator.html(keys.History.DAY, day=day)
        previous_day = day
        clock = translator.html(keys.Timeline.STEP, time=step.at)
        yield f"{clock}  {sentence}"


def step_key(step: PaymentStep) -> Key:
    """Return the sentence of a step."""
    if step.kind == "received" and step.detail == "check":
        return keys.Step.CHECKED
    return keys.STEPS[step.kind]


def step_facts(step: PaymentStep, translator: Translator) -> dict[str, Fact]:
    """Return what the sentence of a step names."""
    facts: dict[str, Fact] = {"by": short(step.by or translator.text(keys.Payment.SOMEBODY))}
    if step.money:
        facts["amount"] = step.money
    if step.balance:
        facts["balance"] = step.balance
    if step.count is not None:
        facts["count"] = step.count
    return facts
