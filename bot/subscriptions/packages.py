"""How a recurring top-up begins: which package or amount, then with which card or by a link.

A button that begins one has a number of its own, so that it begins one, however often it arrives;
and it names its card, so that no other one pays when the default is another by then.
"""

from functools import partial
from secrets import token_hex
from typing import Final
from uuid import UUID

from backend import schemas
from bot.amounts import carried_amount, typed_amount
from bot.locales.texts import Fact, Words, short
from bot.organizations.membership import debt_lines, managed, place_in
from bot.payments.charges import usable_methods, ways_screen
from bot.payments.topup import default_wallet, usual_amounts
from bot.subscriptions.recurring import one_screen
from bot.telegram.context import BotContext, BotRefusal
from bot.telegram.errors import unless_unclear
from bot.telegram.screens import Screen, back_button, button, packed, unpacked

MOST_PACKAGES: Final = 8
PACKAGE_LENGTH: Final = 22  # of a packed id; an amount is shorter
CARD_LENGTH: Final = 6  # of a packed id: as much as a button has room for
BY_LINK: Final = "link"
Cards = dict[str, schemas.PaymentMethod]
INTERVALS: Final[dict[str, schemas.Interval]] = {"w": "week", "m": "month"}


async def new_tapped(context: BotContext) -> None:
    """How much each week or month: packages of that kind, and the wallet's usual amounts."""
    place = managed(place_in(await context.introduce(), context.id("organization")))
    words, interval = context.words, INTERVALS[context.part("interval")]
    currency, offered = default_wallet(place).currency, await offers(interval, context)
    choices = [(what, called(one, words)) for what, one in offered.items()][:MOST_PACKAGES]
    for amount in usual_amounts(place.wallets[0]):
        choices.append((amount.amount, words.plain("button.amount", amount=amount)))
    data = f"{packed(place.organization_id)}:{interval[0]}:{{}}:{token_hex(3)}"
    rows = [(button(label, f"begin:{data.format(what)}"),) for what, label in choices]
    rows.append((back_button(f"subs:{place.organization_id.hex}", words),))
    facts = {"interval": words.plain(f"interval.{interval}")}
    asked = words.say("recurring.new", organization=short(place.organization_name), **facts)
    asked = "\n".join([asked, *debt_lines(place, currency, words)])
    context.memory.question = partial(amount_written, place.organization_id, data)
    await context.show(Screen(asked, tuple(rows)))


async def amount_written(organization_id: UUID, data: str, context: BotContext) -> None:
    """An amount that was typed instead of tapping one: ask how to pay it."""
    place = managed(place_in(await context.introduce(), organization_id))
    currency = default_wallet(place).currency
    data = data.format(typed_amount(context.text, currency, above_zero=True).amount)
    screen = await how_screen(place, await cards_of(place, context), data, context)
    context.memory.question = None
    await context.reply(screen)


async def begin_tapped(context: BotContext) -> None:
    """With a card or by a link; then the new one in this message.

    Which way is asked where there is a choice, and again where the card cannot pay any more.
    """
    place = managed(place_in(await context.introduce(), context.id("organization")))
    cards = await cards_of(place, context)
    how = context.part("how") or ("" if cards else BY_LINK)
    if how != BY_LINK and how not in cards:
        await context.show(await how_screen(place, cards, context.part("rest"), context))
        return
    terms: dict[str, object] = {"organization_id": place.organization_id}
    if len(what := context.part("what")) == PACKAGE_LENGTH:
        terms["package_id"] = unpacked(what)
    else:
        amount = carried_amount(what, default_wallet(place).currency)
        terms |= {"amount": amount.amount, "currency": amount.currency}
        terms["interval"] = INTERVALS[context.part("interval")]
    if how in cards:
        terms["payment_method_id"] = cards[how].id
    key = begin_key(context)
    request = schemas.SubscriptionRequest.model_validate(terms)
    asked = context.backend.create_subscription(context.speaker.id, request, idempotency_key=key)
    made = await (unless_unclear(asked) if how in cards else asked)
    await context.show(one_screen(made, context.words))


def begin_key(context: BotContext) -> str:
    """A button's own number begins one."""
    return f"{context.chat_id}:{context.part('once')}:recurring"


async def cards_of(place: schemas.Membership, context: BotContext) -> Cards:
    """What an organization can pay with today, as buttons name it."""
    usable = await usable_methods(place.organization_id, context)
    return {packed(card.id)[:CARD_LENGTH]: card for card in usable}


async def how_screen(
    place: schemas.Membership, cards: Cards, data: str, context: BotContext
) -> Screen:
    """What would begin, and the ways to pay it; raises BotRefusal where nobody offers it now."""
    _, letter, what, _ = data.split(":")
    words, interval = context.words, INTERVALS[letter]
    package = (await offers(interval, context)).get(what)
    if package is None and len(what) == PACKAGE_LENGTH:
        raise BotRefusal("refusal.not_found_package")
    price = package.money if package else carried_amount(what, default_wallet(place).currency)
    facts: dict[str, Fact] = {"what": called(package, words) if package else price}
    facts["organization"] = short(place.organization_name)
    asked = words.say("recurring.how", interval=words.plain(f"interval.{interval}"), **facts)
    lines = [asked, *debt_lines(place, price.currency, words)]
    by_link = button(words.plain("button.by_link"), f"go_{BY_LINK}:{data}")
    back = back_button(f"subs:{place.organization_id.hex}", words)
    ways = {f"go_{how}:{data}": card for how, card in cards.items()}
    return ways_screen(lines, ways, (by_link, back), words)


async def offers(interval: schemas.Interval, context: BotContext) -> dict[str, schemas.Package]:
    """The operator's packages of that kind, by their packed ids."""
    found = (await context.backend.list_packages(context.speaker.id)).packages
    return {packed(one.id): one for one in found if one.interval == interval}


def called(package: schemas.Package, words: Words) -> str:
    """A package on a button."""
    return words.plain("button.package", name=short(package.name), amount=package.money)
