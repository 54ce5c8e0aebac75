"""Recurring top-ups: start, change, pause, end one; ask Stripe how it stands.

The row first, then Stripe; how a subscription stands is always Stripe's answer to a question, and
that of the last question counts.
"""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from backend import schemas
from backend.database.functions.subscriptions import (
    SeenSubscription,
    SubscriptionChanges,
    SubscriptionRow,
    create_subscription,
    get_subscription,
    list_subscriptions,
    note_subscription,
    request_change,
    start_subscription,
    start_subscription_check,
)
from backend.database.protocol import Database, Person
from backend.errors import BadRequest, SubscriptionOver
from backend.failures import EventNotApplied, StripeRefused
from backend.payment_methods import customers
from backend.payments import checkout
from backend.schemas import Json, Subscription
from backend.shop import Shop
from backend.stripe.billing import price
from backend.stripe.parsers.subscriptions import invoice_fact
from backend.subscriptions import terms
from backend.wallets.money import minor_units

BEGINS_WITHIN = timedelta(minutes=10)  # with a saved card, of when it was asked for


async def start(
    shop: Shop, actor: Person, wanted: schemas.SubscriptionRequest, key: str | None
) -> Subscription:
    """A recurring top-up, and the link on which it begins.

    The row first, then Stripe; the same `key` finds the same one again. Refuses as `topups.start`.
    """
    if wanted.payment_method_id and key is None:
        raise BadRequest("Send an Idempotency-Key header, so that a repeat does not charge twice.")
    if wanted.package_id and wanted.amount:
        raise BadRequest("Send a package_id, which has its terms, or an amount.")
    made = await create_subscription(
        shop.database,
        actor,
        organization_id=wanted.organization_id,
        terms=await terms.in_minor_units(shop, actor, wanted),
        idempotency_key=key,
    )
    if made.status == "incomplete" and made.url is None:
        customer_id = await customers.customer_id(shop, actor, wanted.organization_id)
        with suppress(EventNotApplied):  # its first invoice: the reconciler asks again
            await begin(shop, await look(shop, made.id), customer_id)
    return await show(shop.database, actor, made.id)


async def begin(shop: Shop, row: SubscriptionRow, customer_id: str) -> None:
    """At once with the saved card, else on a page of Stripe's; written down as Stripe says."""
    try:
        await begin_with_product(shop, row, customer_id)
    except StripeRefused as refused:
        if not await shop.stripe.mend_product(row.package, refused):
            raise
        await begin_with_product(shop, await look(shop, row.id), customer_id)


async def begin_with_product(shop: Shop, row: SubscriptionRow, customer_id: str) -> None:
    """Ask Stripe for it once, with the product as we know it."""
    card = row.stripe_payment_method_id
    if card and (found := await shop.stripe.find_subscription(row)):
        await ask(shop, row.id, found)
        return
    row = await look(shop, row.id)
    late = is_unsent(row) if card else checkout.late(row, checkout.SHORTEST_PAGE)
    if row.unwanted or row.revoked or late:
        raise SubscriptionOver(status="canceled")
    if card:
        asked = shop.stripe.create_subscription(row, customer_id)
        await ask(shop, row.id, (await checkout.made_by_stripe(shop, row, asked))["id"])
        return
    asked = shop.stripe.create_subscription_page(row, customer_id)
    session = await checkout.made_by_stripe(shop, row, asked)
    await note(shop, row, {"session_id": session["id"], "url": session["url"]})


def is_unsent(row: SubscriptionRow) -> bool:
    """Whether Stripe is asked no more to begin what it was not heard to have begun."""
    return datetime.now(UTC) - row.created_at > BEGINS_WITHIN


async def listing(
    database: Database, actor: Person, asked: schemas.WhichOrganization
) -> schemas.Subscriptions:
    """An organization's recurring top-ups. Raises NotFound."""
    found = await list_subscriptions(database, actor, organization_id=asked.organization_id)
    return schemas.Subscriptions(subscriptions=found)


async def show(database: Database, actor: Person, subscription_id: UUID) -> Subscription:
    """A recurring top-up as it stands. Raises NotFound."""
    return await get_subscription(database, actor, subscription_id=subscription_id)


async def show_checked(shop: Shop, actor: Person, subscription_id: UUID) -> Subscription:
    """A recurring top-up as it stands at Stripe. Raises NotFound."""
    await show(shop.database, actor, subscription_id)  # whose it is not may not ask either
    await check(shop, subscription_id)
    return await show(shop.database, actor, subscription_id)


async def change(
    shop: Shop, actor: Person, subscription_id: UUID, wanted: schemas.SubscriptionChange
) -> Subscription:
    """Change the amount of a recurring top-up, pause it or let it go on.

    Raises NotFound, RoleTooLow, AmountRefused, SubscriptionOver.
    """
    currency = (await show(shop.database, actor, subscription_id)).money.currency
    amount = None if wanted.amount is None else minor_units(wanted.amount, currency)
    changes: SubscriptionChanges = {"amount": amount, "paused": wanted.paused}
    asked = await request_change(
        shop.database, actor, subscription_id=subscription_id, changes=changes
    )
    row, at_stripe = await look(shop, subscription_id), dict[str, Any]()
    if amount:
        found = await shop.stripe.get_subscription(begun_as(row))
        item, *more = found["items"]["data"]
        if more:
            raise BadRequest(
                "It has more than one item at Stripe: change it in the dashboard there."
            )
        at_stripe["items"] = [{"id": item["id"], "price_data": price(row, amount)}]
        at_stripe["proration_behavior"] = "none"
    if wanted.paused is not None:
        at_stripe["pause_collection"] = {"behavior": "void"} if wanted.paused else ""
    changed = await changed_at_stripe(shop, row, at_stripe)
    with suppress(EventNotApplied):  # its latest invoice: the reconciler asks again
        await heard(shop, row, changed, changed_by=asked.changed_by)
    return await show(shop.database, actor, subscription_id)


async def changed_at_stripe(shop: Shop, row: SubscriptionRow, changes: Json) -> Json:
    """The subscription as Stripe changed it; setting what is set already is harmless.

    A new price goes to the product that we keep: the one of before may be in the archive.
    """
    id = begun_as(row)
    try:
        return await shop.stripe.change_subscription(id, changes, row.package)
    except StripeRefused as refused:
        if "items" not in changes or not await shop.stripe.mend_product(row.package, refused):
            raise
        return await shop.stripe.change_subscription(id, changes, row.package)


async def cancel(shop: Shop, actor: Person, subscription_id: UUID) -> Subscription:
    """End a recurring top-up now. Raises NotFound, RoleTooLow."""
    ended: SubscriptionChanges = {"canceled": True}
    await request_change(shop.database, actor, subscription_id=subscription_id, changes=ended)
    await reconcile(shop, subscription_id)
    return await show(shop.database, actor, subscription_id)


def begun_as(row: SubscriptionRow) -> str:
    """Stripe's id of a subscription, which only one that has begun has."""
    if row.stripe_subscription_id is None:
        raise ValueError("this subscription has not begun at Stripe")
    return row.stripe_subscription_id


async def look(
    shop: Shop, subscription_id: UUID | None, found: str | None = None
) -> SubscriptionRow:
    """All that is needed to talk to Stripe about it; by our id, or by Stripe's."""
    return await start_subscription(
        shop.database, subscription_id=subscription_id, stripe_subscription_id=found
    )


async def check(shop: Shop, subscription_id: UUID) -> None:
    """Ask Stripe how a subscription stands, at most every three seconds; change nothing."""
    if await start_subscription_check(shop.database, subscription_id=subscription_id):
        with suppress(EventNotApplied):  # its latest invoice: the reconciler asks again
            await ask(shop, subscription_id, end=False)


async def reconcile(shop: Shop, subscription_id: UUID) -> None:
    """Ask Stripe how a subscription stands, and end what is over.

    Where its latest invoice could not be credited yet, the next round asks again.
    """
    with suppress(EventNotApplied):
        await ask(shop, subscription_id)


async def ask(
    shop: Shop,
    subscription_id: UUID | None,
    found: str | None = None,
    *,
    end: bool = True,
) -> None:
    """Ask Stripe how a subscription stands; `found` is its id there, if that is news.

    `end`: what nobody wants any more, or nobody heard to have begun in time, is ended. Raises
    EventNotApplied where its latest invoice is recorded and could not be credited yet.
    """
    row = await look(shop, subscription_id, found)
    at_stripe, page = row.stripe_subscription_id or found, row.stripe_checkout_session_id
    over = row.unwanted or row.revoked
    if at_stripe is None and page:
        session = await shop.stripe.get_session(page)
        if session["status"] == "open" and over and end:
            session = await shop.stripe.expire_session(page)
        at_stripe = session["subscription"]
        if session["status"] == "expired":
            await note(shop, row, {"status": "canceled"})
    elif at_stripe is None and row.stripe_payment_method_id:
        at_stripe = await shop.stripe.find_subscription(row)
        over = over or is_unsent(row)
    if over and end and row.status == "incomplete" and not (at_stripe or page):
        await note(shop, row, {"status": "canceled"})
    if at_stripe:
        await heard(shop, row, await shop.stripe.get_subscription(at_stripe), end=end)


async def heard(
    shop: Shop,
    row: SubscriptionRow,
    found: Json,
    *,
    end: bool = True,
    changed_by: UUID | None = None,
) -> None:
    """Write down how Stripe says a subscription stands; its latest invoice credits if it is paid.

    Somebody may have ended it while Stripe was making it, or lost the role before its payer began:
    then it ends now. `changed_by` will see it, and needs not be told.
    """
    over = row.unwanted or (row.revoked and found["status"] == "incomplete")
    if end and over and found["status"] != "canceled":
        with suppress(StripeRefused):  # it has ended by itself meanwhile
            await shop.stripe.cancel_subscription(found["id"])
        found = await shop.stripe.get_subscription(found["id"])
    item, latest = found["items"]["data"][0], found["latest_invoice"] or {"status": None}
    seen: SeenSubscription = {
        "stripe_subscription_id": found["id"],
        "status": found["status"],
        "paused": bool(found["pause_collection"]),
        "amount": item["price"]["unit_amount"],
        "ends": item["current_period_end"],
        "payment_method": found["default_payment_method"],
        "url": latest["hosted_invoice_url"] if latest["status"] == "open" else None,
    }
    await note(shop, row, seen, changed_by=changed_by)
    if latest["status"] == "paid":
        await credit(shop, latest)


async def note(
    shop: Shop, row: SubscriptionRow, seen: SeenSubscription, *, changed_by: UUID | None = None
) -> None:
    """What Stripe answered when it was asked for `row`."""
    when: SeenSubscription = {
        "asked_at": row.asked_at.isoformat(),
        "changed_by": str(changed_by) if changed_by else None,
    }
    await note_subscription(shop.database, subscription_id=row.id, seen={**seen, **when})
    shop.bell.ring()


async def ask_again(shop: Shop, _event_id: str, fact: Json) -> None:
    """After an event of a subscription's. Raises EventNotApplied as `ask` does."""
    ours = fact["subscription_id"]
    await ask(shop, UUID(ours) if ours else None, fact["stripe_subscription_id"])


async def ask_who_paid(shop: Shop, _event_id: str, fact: Json) -> None:
    """After the event of a paid invoice, which does not say it."""
    await credit(shop, await shop.stripe.get_invoice(fact["invoice_id"]))


async def credit(shop: Shop, invoice: Json) -> None:
    """What Stripe says of a paid invoice takes the way of an event. Raises EventNotApplied."""
    fact = invoice_fact(invoice, "paid")
    name = ":".join([invoice["id"], "paid", *fact["intents"]])
    await checkout.receive_check(shop, name, invoice["livemode"], fact)
