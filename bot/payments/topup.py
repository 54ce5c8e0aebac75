"""/topup: how much for the current organization, until the payment's message takes over.

A payment has one message. What a person typed gets a placeholder that becomes it; a tapped
button's own message becomes it. From the moment the backend knows the payment, only the delivery
worker writes into that message (see `notifications`), so a handler never races with Stripe.
"""

import re
from decimal import Decimal
from functools import partial
from typing import Final
from uuid import UUID

from backend import schemas
from backend.schemas import Me, Membership, Money, Wallet, read_money
from bot.amounts import carried_amount, typed_amount
from bot.backend_api.errors import BackendError, BackendUnavailable
from bot.locales.texts import Price, Words, short
from bot.organizations.membership import (
    current,
    debt_lines,
    in_order,
    may_top_up,
    needed_role,
    place_in,
)
from bot.organizations.organization import organization_screen
from bot.payments.charges import ways_to_pay
from bot.telegram.context import BotContext, BotRefusal, WalletName
from bot.telegram.errors import explain
from bot.telegram.screens import Row, Screen, button, wallet_data

PRESETS: Final = (20, 50, 100, 200)  # times the wallet's smallest amount, rounded up: EUR 10 to 100
IN_CURRENCY: Final = re.compile(r"(?P<amount>.*[0-9])\s*(?P<currency>[A-Za-z]{3})")


async def topup(context: BotContext) -> None:
    """/topup [amount [currency]], and the button Top up: start it, or ask for what is missing."""
    amount = "".join(context.text.split(maxsplit=1)[1:])
    me = await context.introduce()
    place = current(me)
    if place is None:
        await context.reply(organization_screen(me, context.words))
    elif not me.topups_in_chat:
        await context.say("refusal.topups_off")
    elif not may_top_up(place):
        name, role = short(place.organization_name), needed_role(context.words)
        refusal = context.words.say("topup.role_too_low", organization=name, role=role)
        await context.reply(Screen(refusal, another(me, context.words)))
    elif amount:
        wanted = in_currency(amount, default_wallet(place).currency)
        await start_payment(me, place.organization_id, wanted, "topup", context)
    else:
        await context.reply(amount_screen(me, place, place.wallets[0], context.words))


async def link_followed(context: BotContext, amount: str) -> None:
    """A group's button that continues in private, with what was typed there: 50, or 50usd."""
    context.text = f"/topup {amount}"
    await topup(context)


async def another_tapped(context: BotContext) -> None:
    """Another organization: ask for which one."""
    screen = choice_screen(await context.introduce(), context.words)
    if not screen.rows:
        raise BotRefusal("notice.too_old")
    await context.show(screen)


async def organization_tapped(context: BotContext) -> None:
    """An organization, the current one now, or another of its wallets: offer amounts there."""
    me = await context.introduce()
    place, wallet = chosen(me, context)
    if place != current(me):
        await context.backend.set_default_organization(context.speaker.id, place.organization_id)
    await context.show(amount_screen(me, place, wallet, context.words))


async def other_amount_tapped(context: BotContext) -> None:
    """Ask for an amount in the same message; the next message is the answer."""
    place, wallet = chosen(await context.introduce(), context)
    name = WalletName(place.organization_id, wallet.balance.currency)
    context.memory.question = partial(amount_written, name)
    await context.show(Screen(with_limits("topup.question", place, wallet, context.words)))


async def amount_tapped(context: BotContext) -> str | None:
    """An amount was chosen: this message asks how to pay it, or becomes the payment's."""
    me = await context.introduce()
    amount = carried_amount(context.part("amount"), context.part("currency"))
    if ways := await ways_to_pay(me, context.id("organization"), amount, context):
        await context.show(ways)
        return None
    return await page_tapped(context)


async def page_tapped(context: BotContext) -> str:
    """Stripe's page was chosen: this message becomes the payment's."""
    await context.introduce()
    amount = carried_amount(context.part("amount"), context.part("currency"))
    await checkout(context.id("organization"), amount, context.message_id, "topup", context)
    return context.words.plain("notice.preparing")


async def amount_written(wallet: WalletName, context: BotContext) -> None:
    """The amount that was asked for, which stays asked until it is one."""
    me = await context.introduce()
    amount = in_currency(context.text, wallet.currency)
    if await start_payment(me, wallet.organization_id, amount, "topup", context):
        context.memory.question = None


async def start_payment(
    me: Me, organization_id: UUID, amount: Money, purpose: str, context: BotContext
) -> bool:
    """Ask how to pay, if there is a choice; else start the payment: whether it could be.

    Placeholder first, then the backend, which is told where the payment will be shown.
    """
    if ways := await ways_to_pay(me, organization_id, amount, context):
        await context.reply(ways)
        return True
    placeholder = (await context.say("topup.preparing")).message_id
    try:
        await checkout(organization_id, amount, placeholder, purpose, context)
    except BackendError as error:
        refusal = Screen(explain(error, context.words) or "")
        if isinstance(error, BackendUnavailable) and error.may_have_acted:
            await context.reply(refusal)  # the placeholder may be the link by now: leave it alone
        else:
            await context.rewrite(placeholder, refusal)
        return False
    return True


async def checkout(
    organization_id: UUID, amount: Money, shown_in: int, purpose: str, context: BotContext
) -> None:
    """Start the one payment that this message or tap can start for this purpose."""
    request = schemas.CheckoutRequest(
        organization_id=organization_id,
        amount=amount.amount,
        currency=amount.currency,
        shown_in=schemas.ShownIn(chat_id=context.chat_id, message_id=shown_in),
    )
    key = f"{context.chat_id}:{context.message_id}:{purpose}"
    await context.backend.create_checkout(context.speaker.id, request, idempotency_key=key)


def choice_screen(me: Me, words: Words) -> Screen:
    """One button per organization that this person may add money to; it leads on to amounts."""
    rows = tuple(
        (button(short(place.organization_name), wallet_data("amounts", *default_wallet(place))),)
        for place in me.organizations
        if may_top_up(place)
    )
    return Screen(words.say("topup.organization"), rows)


def another(me: Me, words: Words) -> tuple[Row, ...]:
    """The way to another organization, where there is one to add money to."""
    row = (button(words.plain("button.another_organization"), "organizations"),)
    return (row,) if any(may_top_up(place) for place in in_order(me)[1:]) else ()


def amount_screen(me: Me, place: Membership, wallet: Wallet, words: Words) -> Screen:
    """The usual amounts within the wallet's limits, two in a row, any other, and other wallets."""
    name = WalletName(place.organization_id, wallet.limits.currency)
    presets, others = [], []
    for amount in usual_amounts(wallet):
        label = words.plain("button.amount", amount=amount)
        presets.append(button(label, f"{wallet_data('pay', *name)}:{amount.amount}"))
    other = button(words.plain("button.other_amount"), wallet_data("other", *name))
    for currency in (each.balance.currency for each in place.wallets if each is not wallet):
        label = words.plain("button.other_wallet", currency=currency.upper())
        others.append(button(label, wallet_data("amounts", place.organization_id, currency)))
    rows = [tuple(presets[:2]), tuple(presets[2:]), (other,)]
    rows += [tuple(others[first : first + 4]) for first in range(0, len(others), 4)]
    rows += another(me, words)
    text = with_limits("topup.amount", place, wallet, words)
    return Screen(text, tuple(row for row in rows if row))


def usual_amounts(wallet: Wallet) -> list[Money]:
    """PRESETS of the currency's own scale: its minimum, rounded up to 1, 2 or 5 of something."""
    currency = wallet.limits.currency
    least, most = Decimal(wallet.limits.minimum), Decimal(wallet.limits.maximum)
    scale = Decimal(1).scaleb(least.adjusted())
    scale *= next(round_number for round_number in (1, 2, 5, 10) if round_number * scale >= least)
    amounts = [(scale * preset).normalize() for preset in PRESETS]
    return [read_money(f"{amount:f}", currency) for amount in amounts if least <= amount <= most]


def with_limits(key: str, place: Membership, wallet: Wallet, words: Words) -> str:
    """A question about an amount, with what one top-up may be."""
    limits = wallet.limits
    asked = words.say(
        key,
        organization=short(place.organization_name),
        minimum=Price(limits.minimum, limits.currency),
        maximum=Price(limits.maximum, limits.currency),
    )
    return "\n".join([asked, *debt_lines(place, limits.currency, words)])


def default_wallet(place: Membership) -> WalletName:
    """The wallet that is topped up when nobody says which: the first."""
    return WalletName(place.organization_id, place.wallets[0].balance.currency)


def in_currency(text: str, currency: str) -> Money:
    """The amount that "50" (in the wallet's currency) or "50 usd" (in its own) means."""
    if said := IN_CURRENCY.fullmatch(text):
        text, currency = said["amount"], said["currency"].lower()
    return typed_amount(text, currency, "refusal.amount_unreadable", above_zero=False)


def chosen(me: Me, context: BotContext) -> tuple[Membership, Wallet]:
    """The wallet that the tapped button names; raises BotRefusal for who may not add to it now."""
    place = place_in(me, context.id("organization"))
    for wallet in place.wallets if may_top_up(place) else ():
        if wallet.balance.currency == context.part("currency"):
            return place, wallet
    raise BotRefusal("notice.too_old")
