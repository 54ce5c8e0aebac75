"""Recurring top-ups: start, change, pause, end one.

The row first, then Stripe; how a subscription stands then is read there (`refetch`).
"""

from contextlib import suppress
from typing import Any
from uuid import UUID

from backend import schemas
from backend.database.functions import subscriptions as sql_subscriptions
from backend.database.functions.subscriptions import SubscriptionChanges, SubscriptionRow
from backend.database.protocol import Database, Person
from backend.errors import BadRequest, SubscriptionOver
from backend.failures import EventNotApplied, StripeRefused
from backend.payment_methods import customers
from backend.payments import checkout
from backend.schemas import Json, Subscription
from backend.shop import Shop
from backend.stripe.billing import price
from backend.stripe.parsers.subscriptions import StripeSubscription
from backend.subscriptions import refetch, terms
from backend.wallets.money import minor_units


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
    made = await sql_subscriptions.create_subscription(
        shop.database,
        actor,
        organization_id=wanted.organization_id,
        terms=await terms.in_minor_units(shop, actor, wanted),
        idempotency_key=key,
    )
    if made.status == "incomplete" and made.url is None:
        customer_id = await customers.customer_id(shop, actor, wanted.organization_id)
        with suppress(EventNotApplied):  # its first invoice: the reconciler asks again
            await begin(shop, await refetch.look(shop, made.id), customer_id)
    return await show(shop.database, actor, made.id)


async def begin(shop: Shop, row: SubscriptionRow, customer_id: str) -> None:
    """At once with the saved card, else on a page of Stripe's; written down as Stripe says."""
    try:
        await begin_with_product(shop, row, customer_id)
    except StripeRefused as refused:
        if not await shop.stripe.mend_product(row.package, refused):
            raise
        await begin_with_product(shop, await refetch.look(shop, row.id), customer_id)


async def begin_with_product(shop: Shop, row: SubscriptionRow, customer_id: str) -> None:
    """Ask Stripe for it once, with the product as we know it."""
    card = row.stripe_payment_method_id
    if card and (found := await shop.stripe.find_subscription(row)):
        await refetch.ask(shop, row.id, found)
        return
    row = await refetch.look(shop, row.id)
    late = refetch.is_unsent(row) if card else checkout.late(row, checkout.SHORTEST_PAGE)
    if row.unwanted or row.revoked or late:
        raise SubscriptionOver(status="canceled")
    if card:
        asked = shop.stripe.create_subscription(row, customer_id)
        made = await checkout.made_by_stripe(shop, row, asked)
        await refetch.ask(shop, row.id, made.id)
        return
    page_asked = shop.stripe.create_subscription_page(row, customer_id)
    session = await checkout.made_by_stripe(shop, row, page_asked)
    await refetch.note(shop, row, {"session_id": session.id, "url": session.url})


async def listing(
    database: Database, actor: Person, asked: schemas.WhichOrganization
) -> schemas.Subscriptions:
    """An organization's recurring top-ups. Raises NotFound."""
    found = await sql_subscriptions.list_subscriptions(
        database, actor, organization_id=asked.organization_id
    )
    return schemas.Subscriptions(subscriptions=found)


async def show(database: Database, actor: Person, subscription_id: UUID) -> Subscription:
    """A recurring top-up as it stands. Raises NotFound."""
    return await sql_subscriptions.get_subscription(
        database, actor, subscription_id=subscription_id
    )


async def show_checked(shop: Shop, actor: Person, subscription_id: UUID) -> Subscription:
    """A recurring top-up as it stands at Stripe. Raises NotFound."""
    await show(shop.database, actor, subscription_id)  # whose it is not may not ask either
    await refetch.check(shop, subscription_id)
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
    asked = await sql_subscriptions.request_change(
        shop.database, actor, subscription_id=subscription_id, changes=changes
    )
    row, at_stripe = await refetch.look(shop, subscription_id), dict[str, Any]()
    if amount:
        found = await shop.stripe.get_subscription(begun_as(row))
        item, *more = found.items.data
        if more:
            raise BadRequest(
                "It has more than one item at Stripe: change it in the dashboard there."
            )
        at_stripe["items"] = [{"id": item.id, "price_data": price(row, amount)}]
        at_stripe["proration_behavior"] = "none"
    if wanted.paused is not None:
        at_stripe["pause_collection"] = {"behavior": "void"} if wanted.paused else ""
    changed = await changed_at_stripe(shop, row, at_stripe)
    with suppress(EventNotApplied):  # its latest invoice: the reconciler asks again
        await refetch.heard(shop, row, changed, changed_by=asked.changed_by)
    return await show(shop.database, actor, subscription_id)


async def changed_at_stripe(shop: Shop, row: SubscriptionRow, changes: Json) -> StripeSubscription:
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
    await sql_subscriptions.request_change(
        shop.database, actor, subscription_id=subscription_id, changes=ended
    )
    await refetch.reconcile(shop, subscription_id)
    return await show(shop.database, actor, subscription_id)


def begun_as(row: SubscriptionRow) -> str:
    """Stripe's id of a subscription, which only one that has begun has."""
    if row.stripe_subscription_id is None:
        raise ValueError("this subscription has not begun at Stripe")
    return row.stripe_subscription_id
