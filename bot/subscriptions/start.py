"""Starting a subscription: a package or an amount, then a payment method or a link to pay by.

The buttons of one message carry the same nonce, so that they start one subscription however often
they are delivered. A button names its payment method, so that no other one is charged when the
default changes meanwhile.
"""

from collections.abc import Mapping
from secrets import token_hex
from typing import Final, NamedTuple
from uuid import UUID

from backend import schemas
from bot.amounts import carried_amount, typed_amount
from bot.locales import keys
from bot.locales.translator import Fact, Translator, short
from bot.organizations.membership import debt_lines, membership_in, require_manager
from bot.payments.charges import choices_screen, usable_payment_methods
from bot.payments.topup_screens import default_wallet_name, usual_amounts
from bot.subscriptions.screens import subscription_screen
from bot.telegram.context import BotContext
from bot.telegram.errors import unless_unclear
from bot.telegram.money_taps import late_screen
from bot.telegram.refusals import BotRefusal
from bot.telegram.screens import (
    PACKED_LENGTH,
    Row,
    Screen,
    back_button,
    button,
    packed,
    unpacked,
)

MAX_PACKAGES: Final = 8  # on buttons
METHOD_LENGTH: Final = 6  # of a packed id: as much as fits into a button
BY_LINK: Final = "link"
INTERVALS: Final[dict[str, schemas.Interval]] = {"w": "week", "m": "month"}

MethodsByButton = dict[str, schemas.PaymentMethod]


class Start(NamedTuple):
    """The content of a button that starts a subscription.

    `choice` is a package's packed id or an amount (decimal text, major units, as `Money.amount`) in
    the currency of the default wallet. `nonce` is of the message that offered it.
    """

    organization_id: UUID
    interval: schemas.Interval
    choice: str
    nonce: str

    @property
    def data(self) -> str:
        """The button's data."""
        return f"{packed(self.organization_id)}:{self.interval[0]}:{self.choice}:{self.nonce}"

    @property
    def package_id(self) -> UUID | None:
        """The id of the chosen package; None for an amount, which is shorter than a packed id."""
        return unpacked(self.choice) if len(self.choice) == PACKED_LENGTH else None


async def new_tapped(context: BotContext) -> None:
    """Offer packages of an interval and usual amounts; a typed amount is taken as well."""
    membership = membership_in(await context.introduce(), context.id("organization"))
    require_manager(membership)
    interval = INTERVALS[context.part("interval")]
    packages = await list_packages(interval, context)
    start = Start(membership.organization_id, interval, "", nonce=token_hex(3))
    context.open_question(
        "subscription_amount",
        organization=start.organization_id.hex,
        interval=context.part("interval"),
        nonce=start.nonce,
    )
    await context.reply_or_edit(offer_screen(start, membership, packages, context.translator))


async def amount_written(facts: Mapping[str, str], context: BotContext) -> None:
    """Parse a typed amount, and ask how to pay it."""
    membership = membership_in(await context.introduce(), UUID(facts["organization"]))
    require_manager(membership)
    currency = default_wallet_name(membership).currency
    amount = typed_amount(context.text, currency, above_zero=True)
    start = Start(
        membership.organization_id, INTERVALS[facts["interval"]], amount.amount, facts["nonce"]
    )
    methods = await methods_by_button(membership, context)
    question = await payment_question_screen(start, membership, methods, context)
    context.close_question()
    await context.reply(question)


async def start_tapped(context: BotContext) -> None:
    """Start a subscription in the tapped way, and show it in this message.

    Where the button names no way, the link is used if there is no payment method, else the person
    is asked; and asked again where the named payment method cannot be charged any more.
    """
    membership = membership_in(await context.introduce(), context.id("organization"))
    require_manager(membership)
    start = tapped_start(context)
    methods = await methods_by_button(membership, context)
    way = context.part("how")
    request = start_request(start, membership)
    if way in methods:
        request = request.model_copy(update={"payment_method_id": methods[way].id})
        subscription = await unless_unclear(create_subscription(request, context))
    elif way == BY_LINK or not (way or methods):
        subscription = await create_subscription(request, context)
    else:
        question = await payment_question_screen(start, membership, methods, context)
        await context.reply_or_edit(question)
        return
    await context.reply_or_edit(subscription_screen(subscription, context.translator))


async def create_subscription(
    request: schemas.SubscriptionRequest, context: BotContext
) -> schemas.Subscription:
    """Create a subscription under the key of the tapped message, and return it."""
    return await context.backend.create_subscription(
        context.speaker.id, request, idempotency_key=start_key(context)
    )


async def start_tapped_late(context: BotContext) -> None:
    """Ask again how to pay a subscription; or show it where it was started before."""
    membership = membership_in(await context.introduce(), context.id("organization"))
    require_manager(membership)
    earlier = await context.backend.get_key_result(context.speaker.id, start_key(context))
    if earlier.subscription_id:
        subscription = await context.backend.get_subscription(
            context.speaker.id, earlier.subscription_id
        )
        await context.reply_or_edit(subscription_screen(subscription, context.translator))
        return
    methods = await methods_by_button(membership, context)
    question = await payment_question_screen(tapped_start(context), membership, methods, context)
    await context.reply_or_edit(late_screen(question, context.translator))


def tapped_start(context: BotContext) -> Start:
    """Return what the tapped button carries."""
    return Start(
        organization_id=context.id("organization"),
        interval=INTERVALS[context.part("interval")],
        choice=context.part("what"),
        nonce=context.part("once"),
    )


def start_key(context: BotContext) -> str:
    """Return the idempotency key: one message starts one subscription."""
    return f"{context.chat_id}:{context.part('once')}:recurring"


def start_request(start: Start, membership: schemas.Membership) -> schemas.SubscriptionRequest:
    """Return the request for the package or amount; raise BotRefusal for an ambiguous amount."""
    if start.package_id:
        return schemas.SubscriptionRequest(
            organization_id=start.organization_id, package_id=start.package_id
        )
    amount = carried_amount(start.choice, default_wallet_name(membership).currency)
    return schemas.SubscriptionRequest(
        organization_id=start.organization_id,
        amount=amount.amount,
        currency=amount.currency,
        interval=start.interval,
    )


async def methods_by_button(membership: schemas.Membership, context: BotContext) -> MethodsByButton:
    """Return the payment methods that can be charged now, by how buttons name them."""
    methods = await usable_payment_methods(membership.organization_id, context)
    return {packed(method.id)[:METHOD_LENGTH]: method for method in methods}


async def list_packages(
    interval: schemas.Interval, context: BotContext
) -> dict[str, schemas.Package]:
    """Return the operator's packages of an interval, by their packed ids."""
    listed = await context.backend.list_packages(context.speaker.id)
    return {
        packed(package.id): package for package in listed.packages if package.interval == interval
    }


def offer_screen(
    start: Start,
    membership: schemas.Membership,
    packages: dict[str, schemas.Package],
    translator: Translator,
) -> Screen:
    """Return the question for the amount: a button for each package, then the usual amounts."""
    rows: list[Row] = []
    for choice, package in list(packages.items())[:MAX_PACKAGES]:
        data = start._replace(choice=choice).data
        rows.append((button(package_label(package, translator), f"begin:{data}"),))
    for amount in usual_amounts(membership.wallets[0]):
        data = start._replace(choice=amount.amount).data
        label = translator.text(keys.Button.AMOUNT, amount=amount)
        rows.append((button(label, f"begin:{data}"),))
    rows.append((back_button(f"subs:{start.organization_id.hex}", translator),))
    question = translator.html(
        keys.Subscription.NEW,
        organization=short(membership.organization_name),
        interval=translator.text(keys.INTERVAL_NAMES[start.interval]),
    )
    currency = default_wallet_name(membership).currency
    lines = [question, *debt_lines(membership, currency, translator)]
    return Screen("\n".join(lines), tuple(rows))


async def payment_question_screen(
    start: Start, membership: schemas.Membership, methods: MethodsByButton, context: BotContext
) -> Screen:
    """Return what would start, and the ways to pay it.

    Raises BotRefusal where the package is not offered any more, or for an ambiguous amount.
    """
    translator = context.translator
    package = (await list_packages(start.interval, context)).get(start.choice)
    offer: Fact
    if package:
        price, offer = package.money, package_label(package, translator)
    elif start.package_id:
        raise BotRefusal(keys.Refusal.PACKAGE_UNKNOWN)
    else:
        price = carried_amount(start.choice, default_wallet_name(membership).currency)
        offer = price
    question = translator.html(
        keys.Subscription.HOW,
        what=offer,
        interval=translator.text(keys.INTERVAL_NAMES[start.interval]),
        organization=short(membership.organization_name),
    )
    lines = [question, *debt_lines(membership, price.currency, translator)]
    by_link = button(translator.text(keys.Button.BY_LINK), f"go_{BY_LINK}:{start.data}")
    back = back_button(f"subs:{membership.organization_id.hex}", translator)
    choices = {f"go_{way}:{start.data}": method for way, method in methods.items()}
    return choices_screen(lines, choices, (by_link, back), translator)


def package_label(package: schemas.Package, translator: Translator) -> str:
    """Return a package's name for a button."""
    return translator.text(keys.Button.PACKAGE, name=short(package.name), amount=package.money)
