"""How a subscription begins: which package or amount, then with which card or by a link.

A button that begins one has a number of its own, so that it begins one, however often it arrives;
and it names its payment method, so that no other one pays when the default is another by then.
"""

from functools import partial
from secrets import token_hex
from typing import Final, NamedTuple
from uuid import UUID

from backend import schemas
from bot.amounts import carried_amount, typed_amount
from bot.locales import keys
from bot.locales.translator import Fact, Translator, short
from bot.organizations.membership import debt_lines, membership_in, require_manager
from bot.payments.charges import choices_screen, usable_payment_methods
from bot.payments.topup import default_wallet_name, usual_amounts
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
METHOD_LENGTH: Final = 6  # of a packed id: as much as a button has room for
BY_LINK: Final = "link"
INTERVALS: Final[dict[str, schemas.Interval]] = {"w": "week", "m": "month"}

MethodsByButton = dict[str, schemas.PaymentMethod]


class Start(NamedTuple):
    """What a button that begins a subscription carries.

    `choice` is a package's packed id or an amount (decimal text, major units, as `Money.amount`)
    in the currency of the default wallet. `nonce` is the number of the message that offered it.
    """

    organization_id: UUID
    interval: schemas.Interval
    choice: str
    nonce: str

    @property
    def data(self) -> str:
        """As the button carries it."""
        return f"{packed(self.organization_id)}:{self.interval[0]}:{self.choice}:{self.nonce}"

    @property
    def package_id(self) -> UUID | None:
        """The package that was chosen; an amount is shorter than a packed id."""
        return unpacked(self.choice) if len(self.choice) == PACKED_LENGTH else None


async def new_tapped(context: BotContext) -> None:
    """Show packages of an interval, and the wallet's usual amounts; or take a typed amount."""
    membership = membership_in(await context.introduce(), context.id("organization"))
    require_manager(membership)
    interval = INTERVALS[context.part("interval")]
    packages = await list_packages(interval, context)
    start = Start(membership.organization_id, interval, "", nonce=token_hex(3))
    context.memory.question = partial(amount_written, start)
    await context.reply_or_edit(offer_screen(start, membership, packages, context.translator))


async def amount_written(start: Start, context: BotContext) -> None:
    """Take an amount that was typed instead of tapping one: ask how to pay it."""
    membership = membership_in(await context.introduce(), start.organization_id)
    require_manager(membership)
    currency = default_wallet_name(membership).currency
    amount = typed_amount(context.text, currency, above_zero=True)
    start = start._replace(choice=amount.amount)
    methods = await methods_by_button(membership, context)
    question = await payment_question_screen(start, membership, methods, context)
    context.memory.question = None
    await context.reply(question)


async def start_tapped(context: BotContext) -> None:
    """Begin with a payment method or by a link; then show the new one in this message.

    Which way is asked where there is a choice, and again where the method cannot pay any more.
    """
    membership = membership_in(await context.introduce(), context.id("organization"))
    require_manager(membership)
    start = tapped_start(context)
    methods = await methods_by_button(membership, context)
    way = context.part("how") or ("" if methods else BY_LINK)
    if way != BY_LINK and way not in methods:
        question = await payment_question_screen(start, membership, methods, context)
        await context.reply_or_edit(question)
        return
    request = start_request(start, membership)
    if way in methods:
        request = request.model_copy(update={"payment_method_id": methods[way].id})
    call = context.backend.create_subscription(
        context.speaker.id, request, idempotency_key=start_key(context)
    )
    subscription = await (unless_unclear(call) if way in methods else call)
    await context.reply_or_edit(subscription_screen(subscription, context.translator))


async def start_tapped_late(context: BotContext) -> None:
    """Ask again how to pay a new one; or show the one that began."""
    membership = membership_in(await context.introduce(), context.id("organization"))
    require_manager(membership)
    attempt = await context.backend.get_attempt(context.speaker.id, start_key(context))
    if attempt.subscription_id:
        subscription = await context.backend.get_subscription(
            context.speaker.id, attempt.subscription_id
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
    """Return the idempotency key: a message that offers subscriptions begins one."""
    return f"{context.chat_id}:{context.part('once')}:recurring"


def start_request(start: Start, membership: schemas.Membership) -> schemas.SubscriptionRequest:
    """Return the request for the package or the amount; raise BotRefusal for an unclear amount."""
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
    """Return what an organization can pay with today, by how buttons name it."""
    methods = await usable_payment_methods(membership.organization_id, context)
    return {packed(method.id)[:METHOD_LENGTH]: method for method in methods}


async def list_packages(
    interval: schemas.Interval, context: BotContext
) -> dict[str, schemas.Package]:
    """Return the operator's packages of that interval, by their packed ids."""
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
    """Return the question how much: a button per package, then the wallet's usual amounts."""
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
    """Return what would begin, and the ways to pay it.

    Raises BotRefusal where nobody offers the package now, or for an unclear amount.
    """
    translator = context.translator
    package = (await list_packages(start.interval, context)).get(start.choice)
    offer: Fact
    if package:
        price, offer = package.money, package_label(package, translator)
    elif start.package_id:
        raise BotRefusal(keys.Refusal.NOT_FOUND_PACKAGE)
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
    """Return a package as a button names it."""
    return translator.text(keys.Button.PACKAGE, name=short(package.name), amount=package.money)
