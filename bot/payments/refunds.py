"""Refund: how much of a payment goes back to its payer, a question first, the result in place.

Owners and admins see the button, and the backend decides again. A confirmed tap is one refund: its
key is the message and the amount, so that tapping again after a lost answer sends nothing twice.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Final
from uuid import UUID

from backend.schemas import Money, Payment, Refund, RefundRequest
from bot.amounts import carried_amount, typed_amount
from bot.backend_api.errors import BackendError, BackendRefusal
from bot.locales import keys
from bot.locales.translator import Fact, Translator, short
from bot.organizations.membership import debt_of, membership_in, require_manager
from bot.telegram.context import BotContext
from bot.telegram.money_taps import late_screen
from bot.telegram.refusals import BotRefusal, is_operators
from bot.telegram.screens import Screen, button, forget_row

LEFT_THE_WALLET: Final = ("pending", "requires_action", "succeeded")


async def refund_tapped(context: BotContext) -> None:
    """Refund: offer to send back all that is left, in a message of its own."""
    payment = require_refundable(await payment_to_refund(context, context.id("payment")))
    await context.reply(confirm_screen(payment, refundable_of(payment), context.translator))


async def other_tapped(context: BotContext) -> None:
    """Another amount: the next message is the answer."""
    payment = require_refundable(await payment_to_refund(context, context.id("payment")))
    translator = context.translator
    context.open_question("refund_amount", payment=payment.id.hex)
    text = translator.html(keys.Refund.QUESTION, **refund_facts(payment, translator))
    await context.reply_or_edit(Screen(text, (forget_row(translator),)))


async def amount_written(facts: Mapping[str, str], context: BotContext) -> None:
    """Take the amount that was asked for; the question stays until it is one."""
    payment = require_refundable(await payment_to_refund(context, UUID(facts["payment"])))
    maximum = refundable_of(payment)
    amount = typed_amount(context.text, maximum.currency, above_zero=True)
    if amount.amount_minor > maximum.amount_minor:
        raise BotRefusal(keys.Refusal.REFUND_TOO_LARGE, most=maximum)
    context.close_question()
    await context.reply(confirm_screen(payment, amount, context.translator))


async def confirmed_tapped(context: BotContext) -> None:
    """Refund, for sure: send it back, and show in the same message what came of it."""
    payment = await payment_to_refund(context, context.id("payment"))
    amount = carried_amount(context.part("amount"), payment.money.currency)
    translator = context.translator
    try:
        refund = await context.backend.create_refund(
            context.speaker.id,
            payment.id,
            RefundRequest(amount=amount.amount),
            idempotency_key=refund_key(amount, context),
        )
    except BackendRefusal as error:
        if error.code not in keys.REFUND_FAILURES:
            raise
        facts = refund_facts(payment, translator) | {"amount": amount}
        failure = keys.REFUND_FAILURES[error.code]
        if is_operators(error):
            failure = keys.Refund.STRIPE_NOT_SET_UP
        text = translator.html(failure, **facts)
        question = confirm_screen(payment, amount, translator)
        await context.reply_or_edit(replace(question, text=text))
        return
    await show_result(payment, refund, context)


async def confirmed_tapped_late(context: BotContext) -> None:
    """Ask again whether to send it back; or show what came of it."""
    payment = await payment_to_refund(context, context.id("payment"))
    amount = carried_amount(context.part("amount"), payment.money.currency)
    earlier = await context.backend.get_key_result(context.speaker.id, refund_key(amount, context))
    for refund in payment.refunds:
        if refund.id == earlier.refund_id and refund.status not in ("failed", "canceled"):
            await show_result(payment, refund, context)
            return
    payment = require_refundable(await payment_to_refund(context, payment.id))
    question = confirm_screen(payment, amount, context.translator)
    await context.reply_or_edit(late_screen(question, context.translator))


def refund_key(amount: Money, context: BotContext) -> str:
    """Return the idempotency key of a tap: one message sends one amount back once."""
    return f"{context.chat_id}:{context.message_id}:refund:{amount.amount}"


async def payment_to_refund(context: BotContext, payment_id: UUID) -> Payment:
    """Return the payment, for who can refund it; raise BotRefusal for others."""
    me = await context.introduce()
    payment = await context.backend.get_payment(context.speaker.id, payment_id)
    require_manager(membership_in(me, payment.organization_id))
    return context.named(payment)


def require_refundable(payment: Payment) -> Payment:
    """Return the payment where something of it can go back; raise BotRefusal otherwise."""
    if payment.refundable and payment.refundable.amount_minor:
        return payment
    raise BotRefusal(keys.Refusal.NOTHING_TO_REFUND)


def refundable_of(payment: Payment) -> Money:
    """Return how much of a payment can go back; of what the reader cannot see, all of it."""
    return payment.refundable or payment.money


def confirm_screen(payment: Payment, amount: Money, translator: Translator) -> Screen:
    """Return the last question, which names what will happen."""
    facts = refund_facts(payment, translator) | {"amount": amount}
    yes = button(
        translator.text(keys.Refund.YES, **facts), f"refund_now:{payment.id.hex}:{amount.amount}"
    )
    other = button(translator.text(keys.Button.OTHER_AMOUNT), f"refund_other:{payment.id.hex}")
    text = translator.html(keys.Refund.SURE, **facts)
    return Screen(text, ((yes, other), forget_row(translator)))


async def show_result(payment: Payment, refund: Refund, context: BotContext) -> None:
    """Show how far a refund is and, once it has left the wallet, what that has now.

    It is all that its maker is told of a refund that succeeds: they get no notification of it.
    """
    balance = None
    if refund.status in LEFT_THE_WALLET:
        with suppress(BackendError, BotRefusal):
            membership = membership_in(await context.introduce(), payment.organization_id)
            balances = [wallet.balance for wallet in membership.wallets]
            balance = next(each for each in balances if each.currency == payment.money.currency)
    screen = refund_result_screen(payment, refund, balance, context.translator)
    await context.reply_or_edit(screen)


def refund_result_screen(
    payment: Payment, refund: Refund, balance: Money | None, translator: Translator
) -> Screen:
    """Return how far a refund is, with the wallet's balance or debt where that is known."""
    facts = refund_facts(payment, translator) | {"amount": refund.money}
    lines = [translator.html(keys.REFUND_RESULTS[refund.status], **facts)]
    if balance:
        debt = debt_of(balance)
        key = keys.Payment.OWED if debt else keys.Payment.BALANCE
        lines.append(translator.html(key, balance=debt or balance))
    lines.append(translator.html(keys.Payment.REFERENCE, **facts))
    return Screen("\n".join(lines))


def refund_facts(payment: Payment, translator: Translator) -> dict[str, Fact]:
    """Return what the sentences name."""
    return {
        "organization": short(payment.organization_name),
        "payer": short(payment.paid_by or translator.text(keys.Payment.SOMEBODY)),
        "amount": payment.money,
        "most": refundable_of(payment),
        "reference": payment.reference,
    }
