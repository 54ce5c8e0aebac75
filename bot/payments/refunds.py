"""Refund: how much of a payment goes back to its payer, a question first, the result in place.

Owners and admins see the button, and the backend decides again. A confirmed tap is one refund: its
key is the message and the amount, so that tapping again after a lost answer sends nothing twice.
"""

from dataclasses import replace
from functools import partial
from typing import Final
from uuid import UUID

from backend.schemas import Money, Notification, Payment, Refund, RefundRequest
from bot.amounts import carried_amount, typed_amount
from bot.backend_api.errors import BackendRefusal
from bot.locales.texts import Fact, Price, Words, short
from bot.organizations.membership import managed, place_in
from bot.telegram.context import BotContext, BotRefusal
from bot.telegram.screens import Row, Screen, button, forget_row

SAID_AS: Final = {"requires_action": "pending", "canceled": "failed"}  # alike for people


async def refund_tapped(context: BotContext) -> None:
    """Refund: offer to send back all that is left, in a message of its own."""
    payment = await refundable(context, context.id("payment"))
    most = payment.refundable or payment.money
    await context.reply(sure_screen(payment, most, context.words))


async def other_tapped(context: BotContext) -> None:
    """Another amount: the next message is the answer."""
    payment, words = await refundable(context, context.id("payment")), context.words
    context.memory.question = partial(amount_written, payment.id)
    asked = words.say("refund.question", **facts_of(payment, words))
    await context.show(Screen(asked, (forget_row(words),)))


async def amount_written(payment_id: UUID, context: BotContext) -> None:
    """The amount that was asked for, which stays asked until it is one."""
    payment = await refundable(context, payment_id)
    most = payment.refundable or payment.money
    amount = typed_amount(context.text, most.currency, above_zero=True)
    if amount.amount_minor > most.amount_minor:
        raise BotRefusal("refusal.refund_too_large", most=most)
    context.memory.question = None
    await context.reply(sure_screen(payment, amount, context.words))


async def now_tapped(context: BotContext) -> None:
    """Sure: send it back, and say in the same message what came of it."""
    payment = await refunded_by(context, context.id("payment"))
    amount, words = carried_amount(context.part("amount"), payment.money.currency), context.words
    facts = facts_of(payment, words) | {"amount": amount}
    try:
        made = await context.backend.create_refund(
            context.speaker.id,
            payment.id,
            RefundRequest(amount=amount.amount),
            idempotency_key=refund_key(amount, context),
        )
    except BackendRefusal as error:
        if not error.code.startswith("stripe_"):
            raise
        text = words.say(f"refund.{error.code}", **facts)
        await context.show(replace(sure_screen(payment, amount, words), text=text))
        return
    await context.show(made_screen(payment, made, words))


def refund_key(amount: Money, context: BotContext) -> str:
    """One message sends one amount back once."""
    return f"{context.chat_id}:{context.message_id}:refund:{amount.amount}"


def said_as(made: Refund) -> str:
    """How far a refund is, as sentences tell it apart."""
    return SAID_AS.get(made.status, made.status)


def made_screen(payment: Payment, made: Refund, words: Words) -> Screen:
    """How far a refund is."""
    facts = facts_of(payment, words) | {"amount": made.money}
    keys = (f"refund.{said_as(made)}", "payment.reference")
    return Screen("\n".join(words.say(key, **facts) for key in keys))


async def refunded_by(context: BotContext, payment_id: UUID) -> Payment:
    """The payment, for who may refund it; raises BotRefusal for others."""
    me = await context.introduce()
    payment = await context.backend.get_payment(context.speaker.id, payment_id)
    managed(place_in(me, payment.organization_id))
    return payment


async def refundable(context: BotContext, payment_id: UUID) -> Payment:
    """The same where something of it can go back; raises BotRefusal otherwise."""
    payment = await refunded_by(context, payment_id)
    if payment.refundable and payment.refundable.amount_minor:
        return payment
    raise BotRefusal("refusal.nothing_to_refund")


def sure_screen(payment: Payment, amount: Money, words: Words) -> Screen:
    """The last question, which names what will happen."""
    facts = facts_of(payment, words) | {"amount": amount}
    yes = button(words.plain("refund.yes", **facts), f"refund_now:{payment.id.hex}:{amount.amount}")
    other = button(words.plain("button.other_amount"), f"refund_other:{payment.id.hex}")
    return Screen(words.say("refund.sure", **facts), ((yes, other), forget_row(words)))


def facts_of(payment: Payment, words: Words) -> dict[str, Fact]:
    """What the sentences name."""
    return {
        "organization": short(payment.organization_name),
        "payer": short(payment.paid_by or words.plain("payment.somebody")),
        "amount": payment.money,
        "most": payment.refundable or payment.money,
        "reference": payment.reference,
    }


def refund_screen(notification: Notification, words: Words) -> Screen:
    """A refund was made, or did not arrive."""
    return Screen("\n".join(told_lines(notification, words)))


def told_lines(notification: Notification, words: Words) -> list[str]:
    """What went back of a payment, or may, and of which one."""
    told = notification.facts
    facts: dict[str, Fact] = {
        "organization": short(str(told["organization_name"])),
        "amount": Price(str(told["amount"]), str(told["currency"])),
        "reference": str(told["reference"]),
        "by": short(str(told.get("by") or words.plain("clawback.dashboard"))),
        "reason": words.plain(words.first(f"reason.{told.get('reason')}", "reason.other")),
    }
    said = f"clawback.{notification.kind}"
    status = str(told.get("status"))
    key = words.first(f"{said}_{SAID_AS.get(status, status)}", said)
    return [words.say(key, **facts), words.say("payment.reference", **facts)]


def refund_row(payment: str, words: Words) -> tuple[Row, ...]:
    """The way to a refund of the payment with this id (as hex)."""
    return ((button(words.plain("button.refund"), f"refund:{payment}"),),)
