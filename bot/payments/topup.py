"""/topup: how much for the default organization, until the payment's message takes over.

A payment has one message. What a person typed gets a placeholder that becomes it; a tapped
button's own message becomes it. From the moment the backend has the payment, only the delivery
worker writes into that message (see `bot/delivery/`), so a handler never races with Stripe.
"""

import re
from decimal import Decimal
from functools import partial
from typing import Final, NamedTuple
from uuid import UUID

from backend import schemas
from backend.schemas import Me, Membership, Money, Wallet, read_money
from bot.amounts import carried_amount, typed_amount
from bot.backend_api.errors import BackendError, BackendUnavailable
from bot.locales import keys
from bot.locales.key import Key
from bot.locales.translator import Price, Translator, short
from bot.organizations.membership import (
    can_top_up,
    debt_lines,
    default_first,
    default_membership,
    membership_in,
    top_up_role,
)
from bot.organizations.organization import organization_screen
from bot.payments.charges import payment_choices_screen
from bot.telegram.context import BotContext, WalletName
from bot.telegram.errors import explain
from bot.telegram.refusals import BotRefusal
from bot.telegram.screens import Row, Screen, button, wallet_data

PRESETS: Final = (20, 50, 100, 200)  # times the wallet's smallest amount, rounded up: EUR 10 to 100
AMOUNT_AND_CURRENCY: Final = re.compile(r"(?P<amount>.*[0-9])\s*(?P<currency>[A-Za-z]{3})")
WALLETS_IN_A_ROW: Final = 4


class TappedWallet(NamedTuple):
    """The wallet that a button names, and the membership by which one adds money to it."""

    membership: Membership
    wallet: Wallet


async def topup(context: BotContext) -> None:
    """/topup [amount [currency]], and the button Top up: start it, or ask for what is missing."""
    amount = "".join(context.text.split(maxsplit=1)[1:])
    me, translator = await context.introduce(), context.translator
    membership = default_membership(me)
    if membership is None:
        await context.reply(organization_screen(me, translator))
    elif not me.topups_in_chat:
        await context.reply_text(keys.Refusal.TOPUPS_OFF)
    elif not can_top_up(membership):
        await context.reply(role_too_low_screen(me, membership, translator))
    elif amount:
        parsed = parse_amount(amount, default_wallet_name(membership).currency)
        await start_payment(me, membership.organization_id, parsed, "topup", context)
    else:
        await context.reply(amount_screen(me, membership, membership.wallets[0], translator))


async def link_followed(context: BotContext, amount: str) -> None:
    """Go on in private with what was typed in a group, which its button carries: 50, or 50usd."""
    context.text = f"/topup {amount}"
    await topup(context)


async def other_organization_tapped(context: BotContext) -> None:
    """Another organization: ask for which one."""
    screen = choice_screen(await context.introduce(), context.translator)
    if not screen.rows:
        raise BotRefusal(keys.Notice.TOO_OLD)
    await context.reply_or_edit(screen)


async def organization_tapped(context: BotContext) -> None:
    """An organization, the default one now, or another of its wallets: offer amounts there."""
    me = await context.introduce()
    membership, wallet = tapped_wallet(me, context)
    if membership != default_membership(me):
        await context.backend.set_default_organization(
            context.speaker.id, membership.organization_id
        )
    await context.reply_or_edit(amount_screen(me, membership, wallet, context.translator))


async def other_amount_tapped(context: BotContext) -> None:
    """Ask for an amount in the same message; the next message is the answer."""
    membership, wallet = tapped_wallet(await context.introduce(), context)
    name = WalletName(membership.organization_id, wallet.balance.currency)
    context.memory.question = partial(amount_written, name)
    question = amount_question(keys.TopUp.QUESTION, membership, wallet, context.translator)
    await context.reply_or_edit(Screen(question))


async def amount_tapped(context: BotContext) -> str | None:
    """An amount was chosen: this message asks how to pay it, or becomes the payment's."""
    me, organization_id = await context.introduce(), context.id("organization")
    amount = carried_amount(context.part("amount"), context.part("currency"))
    if choices := await payment_choices_screen(me, organization_id, amount, context):
        await context.reply_or_edit(choices)
        return None
    return await page_tapped(context)


async def page_tapped(context: BotContext) -> str:
    """Stripe's page was chosen: this message becomes the payment's."""
    await context.introduce()
    amount = carried_amount(context.part("amount"), context.part("currency"))
    await create_checkout(context.id("organization"), amount, context.message_id, "topup", context)
    return context.translator.text(keys.Notice.PREPARING)


async def amount_written(wallet: WalletName, context: BotContext) -> None:
    """Take the amount that was asked for; the question stays until it is one."""
    me = await context.introduce()
    amount = parse_amount(context.text, wallet.currency)
    if await start_payment(me, wallet.organization_id, amount, "topup", context):
        context.memory.question = None


async def start_payment(
    me: Me, organization_id: UUID, amount: Money, purpose: str, context: BotContext
) -> bool:
    """Ask how to pay, if there is a choice; else start the payment. Return whether it could be.

    Placeholder first, then the backend, which gets the message that shows the payment.
    """
    if choices := await payment_choices_screen(me, organization_id, amount, context):
        await context.reply(choices)
        return True
    placeholder = (await context.reply_text(keys.TopUp.PREPARING)).message_id
    try:
        await create_checkout(organization_id, amount, placeholder, purpose, context)
    except BackendError as error:
        refusal = Screen(explain(error, context.translator) or "")
        if isinstance(error, BackendUnavailable) and error.possibly_executed:
            await context.reply(refusal)  # the placeholder may be the link by now: leave it alone
        else:
            await context.edit(placeholder, refusal)
        return False
    return True


async def create_checkout(
    organization_id: UUID, amount: Money, message_id: int, purpose: str, context: BotContext
) -> None:
    """Start the one payment that this message or tap can start for this purpose.

    `message_id` is the message that shows it. Raises BackendError.
    """
    request = schemas.CheckoutRequest(
        organization_id=organization_id,
        amount=amount.amount,
        currency=amount.currency,
        shown_in=schemas.ShownIn(chat_id=context.chat_id, message_id=message_id),
    )
    key = f"{context.chat_id}:{context.message_id}:{purpose}"
    await context.backend.create_checkout(context.speaker.id, request, idempotency_key=key)


def role_too_low_screen(me: Me, membership: Membership, translator: Translator) -> Screen:
    """Return why this role adds no money here, and the way to where it can."""
    text = translator.html(
        keys.TopUp.ROLE_TOO_LOW,
        organization=short(membership.organization_name),
        role=top_up_role(translator),
    )
    return Screen(text, other_organization_rows(me, translator))


def choice_screen(me: Me, translator: Translator) -> Screen:
    """Return one button per organization that this person can add money to; it leads to amounts."""
    rows: list[Row] = []
    for membership in me.organizations:
        if can_top_up(membership):
            data = wallet_data("amounts", *default_wallet_name(membership))
            rows.append((button(short(membership.organization_name), data),))
    return Screen(translator.html(keys.TopUp.ORGANIZATION), tuple(rows))


def other_organization_rows(me: Me, translator: Translator) -> tuple[Row, ...]:
    """Return the way to another organization, where there is one to add money to."""
    if not any(can_top_up(membership) for membership in default_first(me)[1:]):
        return ()
    return ((button(translator.text(keys.Button.ANOTHER_ORGANIZATION), "organizations"),),)


def amount_screen(me: Me, membership: Membership, wallet: Wallet, translator: Translator) -> Screen:
    """Return the usual amounts within the wallet's limits, any other, and other wallets."""
    name = WalletName(membership.organization_id, wallet.limits.currency)
    presets = []
    for amount in usual_amounts(wallet):
        label = translator.text(keys.Button.AMOUNT, amount=amount)
        presets.append(button(label, f"{wallet_data('pay', *name)}:{amount.amount}"))
    other = button(translator.text(keys.Button.OTHER_AMOUNT), wallet_data("other", *name))
    rows = (
        tuple(presets[:2]),
        tuple(presets[2:]),
        (other,),
        *other_wallet_rows(membership, wallet, translator),
        *other_organization_rows(me, translator),
    )
    text = amount_question(keys.TopUp.AMOUNT, membership, wallet, translator)
    return Screen(text, tuple(row for row in rows if row))


def other_wallet_rows(membership: Membership, wallet: Wallet, translator: Translator) -> list[Row]:
    """Return a button for each other wallet of the organization; it leads to amounts there."""
    buttons = []
    for other in membership.wallets:
        if other is not wallet:
            currency = other.balance.currency
            label = translator.text(keys.Button.OTHER_WALLET, currency=currency.upper())
            data = wallet_data("amounts", membership.organization_id, currency)
            buttons.append(button(label, data))
    starts = range(0, len(buttons), WALLETS_IN_A_ROW)
    return [tuple(buttons[start : start + WALLETS_IN_A_ROW]) for start in starts]


def usual_amounts(wallet: Wallet) -> list[Money]:
    """Return PRESETS of the currency's own scale: its minimum, rounded up to 1, 2 or 5 of a power.

    Those outside the wallet's limits are left out.
    """
    currency = wallet.limits.currency
    minimum, maximum = Decimal(wallet.limits.minimum), Decimal(wallet.limits.maximum)
    power = Decimal(1).scaleb(minimum.adjusted())  # of ten
    unit = next(digit * power for digit in (1, 2, 5, 10) if digit * power >= minimum)
    amounts = [(unit * preset).normalize() for preset in PRESETS]
    return [
        read_money(f"{amount:f}", currency) for amount in amounts if minimum <= amount <= maximum
    ]


def amount_question(
    key: Key, membership: Membership, wallet: Wallet, translator: Translator
) -> str:
    """Return a question about an amount, with the limits of one top-up and with what is owed."""
    limits = wallet.limits
    question = translator.html(
        key,
        organization=short(membership.organization_name),
        minimum=Price(limits.minimum, limits.currency),
        maximum=Price(limits.maximum, limits.currency),
    )
    return "\n".join([question, *debt_lines(membership, limits.currency, translator)])


def default_wallet_name(membership: Membership) -> WalletName:
    """Return the wallet that is topped up when none is named: the first."""
    return WalletName(membership.organization_id, membership.wallets[0].balance.currency)


def parse_amount(text: str, currency: str) -> Money:
    """Parse "50" (in the wallet's `currency`) or "50 usd" (in its own). Raises BotRefusal."""
    if match := AMOUNT_AND_CURRENCY.fullmatch(text):
        text, currency = match["amount"], match["currency"].lower()
    return typed_amount(text, currency, keys.Refusal.AMOUNT_UNREADABLE, above_zero=False)


def tapped_wallet(me: Me, context: BotContext) -> TappedWallet:
    """Return the wallet that the tapped button names.

    Raises BotRefusal for who cannot add money to it now.
    """
    membership = membership_in(me, context.id("organization"))
    if can_top_up(membership):
        for wallet in membership.wallets:
            if wallet.balance.currency == context.part("currency"):
                return TappedWallet(membership, wallet)
    raise BotRefusal(keys.Notice.TOO_OLD)
