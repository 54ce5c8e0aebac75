"""How to pay an amount: with a saved card, which one tap charges, or on Stripe's page.

The message that asks becomes the payment's, whichever way: no two taps in it pay twice.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final
from uuid import UUID

from backend.schemas import ChargeRequest, Me, Membership, Money, PaymentMethod, ShownIn
from bot.amounts import carried_amount
from bot.locales import keys
from bot.locales.translator import Translator, short
from bot.organizations.membership import debt_lines, membership_in
from bot.payment_methods.screens import payment_method_labels
from bot.telegram.context import BotContext
from bot.telegram.money_taps import late_screen
from bot.telegram.screens import Row, Screen, button, button_ids, wallet_data

MAX_METHODS: Final = 10  # on buttons


async def ways_to_pay_screen(
    me: Me, organization_id: UUID, amount: Money, context: BotContext
) -> Screen | None:
    """Return the organization's payment methods, the default first, and Stripe's page.

    None where there is nothing to choose, or where the backend should judge the amount first.
    """
    membership, currency = membership_in(me, organization_id), amount.currency
    if not is_within_limits(membership, amount):
        return None
    methods = await usable_payment_methods(organization_id, context)
    if not methods:
        return None
    translator, name = context.translator, short(membership.organization_name)
    lines = [
        translator.html(keys.Charge.HOW, amount=amount, organization=name),
        *debt_lines(membership, currency, translator),
    ]
    money = f"{currency}:{amount.amount}"  # 9 digits at most: the limits of every currency
    page_data = f"{wallet_data('page', organization_id, currency)}:{amount.amount}"
    page_row = (button(translator.text(keys.Button.PAYMENT_PAGE), page_data),)
    choices = {f"with:{button_ids(method)}:{money}": method for method in methods}
    return choices_screen(lines, choices, page_row, translator)


def is_within_limits(membership: Membership, amount: Money) -> bool:
    """Return whether a wallet of the organization takes this amount at once."""
    for wallet in membership.wallets:
        limits = wallet.limits
        if limits.currency == amount.currency:
            return Decimal(limits.minimum) <= Decimal(amount.amount) <= Decimal(limits.maximum)
    return False


def choices_screen(
    lines: Sequence[str],
    choices: Mapping[str, PaymentMethod],
    other_row: Row,
    translator: Translator,
) -> Screen:
    """Return the question how to pay: a button per payment method, by its data; then `other_row`.

    Above `MAX_METHODS`, a line says how many are not shown.
    """
    rows: list[Row] = []
    labels = payment_method_labels(list(choices.values()))
    for data, method in choices.items():
        label = translator.text(keys.Button.PAY_WITH, card=labels[method.id])
        rows.append((button(label, data),))
    hidden_count = len(rows) - MAX_METHODS
    if hidden_count > 0:
        lines = (*lines, translator.html(keys.Charge.MORE, count=hidden_count))
    return Screen("\n".join(lines), (*rows[:MAX_METHODS], other_row))


async def usable_payment_methods(organization_id: UUID, context: BotContext) -> list[PaymentMethod]:
    """Return what an organization can pay with today, the default first. Raises BackendError."""
    listed = await context.backend.list_payment_methods(context.speaker.id, organization_id)
    return [method for method in listed.methods if method.standing != "expired"]


async def charge_tapped(context: BotContext) -> None:
    """Pay with this one: the backend charges it, and this message becomes the payment's."""
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


async def charge_tapped_late(context: BotContext) -> None:
    """Ask again how to pay; a payment that began has this message, and is shown in it."""
    me, translator = await context.introduce(), context.translator
    earlier = await context.backend.get_key_result(context.speaker.id, charge_key(context))
    if earlier.payment_id:
        return
    amount = carried_amount(context.part("amount"), context.part("currency"))
    choices = await ways_to_pay_screen(me, context.id("organization"), amount, context)
    if choices:
        await context.reply_or_edit(late_screen(choices, translator))
    else:
        again = button(translator.text(keys.Button.TOP_UP), "topup")
        text = translator.html(keys.LateTap.TOO_LATE)
        await context.reply_or_edit(Screen(text, ((again,),)))


def charge_key(context: BotContext) -> str:
    """Return the idempotency key of a message: what is charged from it is charged once."""
    return f"{context.chat_id}:{context.message_id}:topup"
