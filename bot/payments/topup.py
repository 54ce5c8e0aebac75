"""/topup: how much for the default organization, until the payment's message takes over.

A payment has one message: the one with the tapped button becomes it; what a person typed gets a new
one. Only the delivery worker writes it (see `bot/delivery/`), so a handler never races with Stripe,
and no message says that a link is coming which never comes.
"""

from collections.abc import Mapping
from typing import NamedTuple
from uuid import UUID

from backend import schemas
from backend.schemas import Me, Membership, Money, Wallet, currency_of
from bot.amounts import carried_amount, typed_amount
from bot.backend_api.errors import BackendError
from bot.locales import keys
from bot.organizations.membership import (
    can_top_up,
    default_membership,
    membership_in,
)
from bot.organizations.organization import organization_screen
from bot.payments.charges import ways_to_pay_screen
from bot.payments.topup_screens import (
    amount_question,
    amount_screen,
    choice_screen,
    default_wallet_name,
    role_too_low_screen,
)
from bot.telegram.context import BotContext, WalletName
from bot.telegram.errors import explain
from bot.telegram.refusals import BotRefusal
from bot.telegram.screens import Screen


class TappedWallet(NamedTuple):
    """The wallet that a button names, and the membership by which one adds money to it."""

    membership: Membership
    wallet: Wallet


async def topup(context: BotContext) -> None:
    """/topup [amount [currency]], and the button Top up: start it, or ask for what is missing.

    The next message may be the amount.
    """
    me, translator = await context.introduce(), context.translator
    membership = default_membership(me)
    if membership is None:
        await context.reply(organization_screen(me, translator))
    elif not me.topups_in_chat:
        await context.reply_text(keys.Refusal.TOPUPS_OFF)
    elif not can_top_up(membership):
        await context.reply(role_too_low_screen(me, membership, translator))
    elif context.arguments:
        parsed = parse_amount(context.arguments, default_wallet_name(membership).currency)
        await start_payment(me, membership.organization_id, parsed, "topup", context)
    else:
        open_amount_question(default_wallet_name(membership), context)
        await context.reply(amount_screen(me, membership, membership.wallets[0], translator))


async def link_followed(context: BotContext, amount: str) -> None:
    """Go on in private with what was typed in a group, which its button carries: 50, or 50usd."""
    context.text = f"/topup {amount}"
    await topup(context)


async def other_organization_tapped(context: BotContext) -> None:
    """Another organization: ask for which one."""
    me = await context.introduce()
    screen = choice_screen(me, int(context.part("page") or 0), context.translator)
    if not screen.rows:
        raise BotRefusal(keys.Notice.TOO_OLD)
    await context.reply_or_edit(screen)


async def organization_tapped(context: BotContext) -> None:
    """Offer amounts for the tapped organization, the default one now, or another wallet of it.

    A typed amount is taken as well.
    """
    me = await context.introduce()
    membership, wallet = tapped_wallet(me, context)
    if membership != default_membership(me):
        await context.backend.set_default_organization(
            context.speaker.id, membership.organization_id
        )
    name = WalletName(membership.organization_id, wallet.balance.currency)
    open_amount_question(name, context)
    await context.reply_or_edit(amount_screen(me, membership, wallet, context.translator))


async def other_amount_tapped(context: BotContext) -> None:
    """Ask for an amount in the same message; the next message is the answer."""
    membership, wallet = tapped_wallet(await context.introduce(), context)
    open_amount_question(WalletName(membership.organization_id, wallet.balance.currency), context)
    question = amount_question(keys.TopUp.QUESTION, membership, wallet, context.translator)
    await context.reply_or_edit(Screen(question))


def open_amount_question(wallet: WalletName, context: BotContext) -> None:
    """Take the next text as the amount to add to a wallet."""
    context.open_question(
        "topup_amount", organization=wallet.organization_id.hex, currency=wallet.currency
    )


async def amount_tapped(context: BotContext) -> str | None:
    """Ask in this message how to pay the chosen amount, or let it become the payment's."""
    me, organization_id = await context.introduce(), context.id("organization")
    amount = carried_amount(context.part("amount"), context.part("currency"))
    if choices := await ways_to_pay_screen(me, organization_id, amount, context):
        await context.reply_or_edit(choices)
        return None
    return await page_tapped(context)


async def page_tapped(context: BotContext) -> str:
    """Stripe's page was chosen: this message becomes the payment's."""
    await context.introduce()
    amount = carried_amount(context.part("amount"), context.part("currency"))
    await create_checkout(context.id("organization"), amount, context.message_id, "topup", context)
    return context.translator.text(keys.Notice.PREPARING)


async def amount_written(facts: Mapping[str, str], context: BotContext) -> None:
    """Take the amount that was asked for; the question stays until it is one."""
    me = await context.introduce()
    amount = parse_amount(context.text, facts["currency"])
    if await start_payment(me, UUID(facts["organization"]), amount, "topup", context):
        context.close_question()


async def start_payment(
    me: Me, organization_id: UUID, amount: Money, purpose: str, context: BotContext
) -> bool:
    """Ask how to pay, if there is a choice; else start the payment. Return whether it could be.

    Its message is the delivery worker's, also where the backend's answer to this call gets lost.
    """
    if choices := await ways_to_pay_screen(me, organization_id, amount, context):
        await context.reply(choices)
        return True
    try:
        await create_checkout(organization_id, amount, None, purpose, context)
    except BackendError as error:
        await context.reply(Screen(explain(error, context.translator) or ""))
        return False
    return True


async def create_checkout(
    organization_id: UUID, amount: Money, message_id: int | None, purpose: str, context: BotContext
) -> None:
    """Start the one payment that this message or tap can start for this purpose.

    `message_id` is the message that becomes the payment's, None for a new one. Raises BackendError.
    """
    request = schemas.CheckoutRequest(
        organization_id=organization_id,
        amount=amount.amount,
        currency=amount.currency,
        shown_in=schemas.ShownIn(chat_id=context.chat_id, message_id=message_id),
    )
    key = f"{context.chat_id}:{context.message_id}:{purpose}"
    await context.backend.create_checkout(context.speaker.id, request, idempotency_key=key)


def parse_amount(text: str, currency: str) -> Money:
    """Parse "50" (in the wallet's `currency`), or "50 usd" and "$50" (in their own).

    Raises BotRefusal.
    """
    currency = currency_of(text, currency)
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
