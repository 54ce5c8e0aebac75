"""/topup: for which organization and how much, until the payment's message takes over.

A payment has one message. What a person typed gets a placeholder that becomes it; a tapped
button's own message becomes it. From the moment the backend knows the payment, only the delivery
worker writes into that message (see `notifications`), so a handler never races with Stripe.
"""

from decimal import Decimal
from typing import Final
from uuid import UUID

from backend.schemas import CheckoutRequest, Me, Membership, ShownIn
from bot.backend_calls import BackendError, BackendUnavailable
from bot.context import BotContext, WalletName
from bot.doors import too_old
from bot.errors import explain
from bot.membership import may_top_up, needed_role
from bot.screens import AMOUNT_BYTES, Screen, button, pay_data
from bot.start import stranger, unknown
from bot.texts import Price, Words

PRESETS: Final = ("10", "25", "50", "100")
MAX_AMOUNT_LENGTH: Final = 64  # the backend reads no more, and nobody writes more in earnest


async def topup(context: BotContext) -> None:
    """/topup [amount], and the button Top up: start the payment, or ask for what is missing."""
    amount = "".join(context.text.split(maxsplit=1)[1:])
    me = await context.introduce()
    context.memory.question = None
    places = may_top_up(me)
    if not me.organizations:
        await stranger(context)
    elif not places:
        await context.say("refusal.role_too_low", role=needed_role(context.words))
    elif len(places) == 1 and amount:
        await start_payment(default_wallet(places[0]), amount, "topup", context)
    elif len(places) == 1:
        await context.reply(amount_screen(places[0], context.words))
    elif len(amount.encode()) > AMOUNT_BYTES:
        await context.say("refusal.amount_unreadable")
    else:
        await context.reply(organization_screen(places, amount, context.words))


async def organization_tapped(context: BotContext) -> str | None:
    """An organization was chosen: offer amounts in the same message."""
    place = chosen(await context.introduce(), context)
    if place is None:
        return await too_old(context)
    await context.rewrite(context.message_id, amount_screen(place, context.words))
    return None


async def other_amount_tapped(context: BotContext) -> str | None:
    """Ask for an amount in the same message; the next message is the answer."""
    place = chosen(await context.introduce(), context)
    if place is None:
        return await too_old(context)
    context.memory.question = default_wallet(place)
    await context.rewrite(
        context.message_id, Screen(with_limits("topup.question", place, context.words))
    )
    return None


async def amount_tapped(context: BotContext) -> str:
    """An amount was chosen: this message becomes the payment's."""
    await context.introduce()
    context.memory.question = None
    wallet = WalletName(UUID(context.part("organization")), context.part("currency"))
    await checkout(wallet, context.part("amount"), context.message_id, "topup", context)
    return context.words.plain("notice.preparing")


async def text_written(context: BotContext) -> None:
    """Words without a command: the amount that was asked for, which stays asked until it is one."""
    wallet = context.memory.question
    if wallet is None:
        await unknown(context)
        return
    await context.introduce()
    if await start_payment(wallet, context.text, "topup", context):
        context.memory.question = None


async def start_payment(wallet: WalletName, amount: str, purpose: str, context: BotContext) -> bool:
    """Placeholder first, then the backend, which is told where the payment will be shown."""
    if len(amount) > MAX_AMOUNT_LENGTH:
        await context.say("refusal.amount_unreadable")
        return False
    placeholder = (await context.say("topup.preparing")).message_id
    try:
        await checkout(wallet, amount, placeholder, purpose, context)
    except BackendError as error:
        refusal = Screen(explain(error, context.words) or "")
        if isinstance(error, BackendUnavailable) and error.may_have_acted:
            await context.reply(refusal)  # the placeholder may be the link by now: leave it alone
        else:
            await context.rewrite(placeholder, refusal)
        return False
    return True


async def checkout(
    wallet: WalletName, amount: str, shown_in: int, purpose: str, context: BotContext
) -> None:
    """Start the one payment that this message or tap can start for this purpose."""
    request = CheckoutRequest(
        organization_id=wallet.organization_id,
        amount=amount,
        currency=wallet.currency,
        shown_in=ShownIn(chat_id=context.chat_id, message_id=shown_in),
    )
    key = f"{context.chat_id}:{context.message_id}:{purpose}"
    await context.backend.checkout(context.speaker.id, request, key)


def organization_screen(places: list[Membership], amount: str, words: Words) -> Screen:
    """One button per organization. It pays `amount` at once, or leads on to amounts if it is ""."""
    rows = []
    for place in places:
        label = words.plain("button.organization", organization=place.organization_name)
        paying = pay_data(*default_wallet(place), amount)
        rows.append((button(label, paying if amount else f"amounts:{place.organization_id.hex}"),))
    return Screen(words.say("topup.organization"), tuple(rows))


def amount_screen(place: Membership, words: Words) -> Screen:
    """The usual amounts within the wallet's limits, two in a row, and any other."""
    wallet, limits = default_wallet(place), place.wallets[0].limits
    presets = [
        button(
            words.plain("button.amount", amount=Price(preset, wallet.currency)),
            pay_data(*wallet, preset),
        )
        for preset in PRESETS
        if Decimal(limits.minimum) <= Decimal(preset) <= Decimal(limits.maximum)
    ]
    other = button(words.plain("button.other_amount"), f"other:{place.organization_id.hex}")
    rows = (tuple(presets[:2]), tuple(presets[2:]), (other,))
    return Screen(with_limits("topup.amount", place, words), tuple(row for row in rows if row))


def with_limits(key: str, place: Membership, words: Words) -> str:
    """A question about an amount, with what one top-up may be."""
    limits = place.wallets[0].limits
    return words.say(
        key,
        organization=place.organization_name,
        minimum=Price(limits.minimum, limits.currency),
        maximum=Price(limits.maximum, limits.currency),
    )


def default_wallet(place: Membership) -> WalletName:
    """The wallet that is topped up when nobody says which: the first."""
    return WalletName(place.organization_id, place.wallets[0].balance.currency)


def chosen(me: Me, context: BotContext) -> Membership | None:
    """The organization that the tapped button names, if it is still one of this person's."""
    wanted = UUID(context.part("organization"))
    return next((place for place in may_top_up(me) if place.organization_id == wanted), None)
