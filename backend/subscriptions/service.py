"""Subscriptions (recurring top-ups): create, list, change, pause, cancel.

The row is written first, then Stripe is asked; the resulting state is refetched (`stripe_state`).
"""

from contextlib import suppress
from uuid import UUID

from backend import schemas
from backend.database.functions import subscriptions as sql_subscriptions
from backend.database.functions.subscriptions import SubscriptionChanges, SubscriptionRow
from backend.database.protocol import Database, Person
from backend.errors import BadRequest, SubscriptionOver
from backend.failures import EventNotApplied, StripeRefused
from backend.payment_methods import customers
from backend.payments import opening
from backend.schemas import Subscription
from backend.services import Services
from backend.stripe import creation
from backend.stripe.metadata import SUBSCRIPTION_METADATA
from backend.stripe.parsers.documented import Identified
from backend.stripe.parsers.sessions import CheckoutSession
from backend.stripe.parsers.subscriptions import StripeSubscription
from backend.stripe.subscriptions import ItemAmount, StripeChange
from backend.subscriptions import stripe_state, terms
from backend.wallets.money import minor_units


async def create_subscription(
    services: Services, actor: Person, request: schemas.SubscriptionRequest, key: str | None
) -> Subscription:
    """Create a subscription; it begins with a saved payment method, or on the page in `url`.

    The row is written first, then Stripe is asked; the same `key` finds the same one again. Raises
    BadRequest, SubscriptionOver, SubscriptionCurrency, and as `checkout.create_checkout`.
    """
    if request.payment_method_id and key is None:
        raise BadRequest("Send an Idempotency-Key header, so that a repeat does not charge twice.")
    if request.package_id and request.amount:
        raise BadRequest("Send a package_id, which has its terms, or an amount.")
    created = await sql_subscriptions.create_subscription(
        services.database,
        actor,
        organization_id=request.organization_id,
        terms=await terms.in_minor_units(services, actor, request),
        idempotency_key=key,
    )
    if created.status == "incomplete" and created.url is None:
        stripe_customer_id = await customers.ensure_stripe_customer_id(
            services, actor, request.organization_id
        )
        with suppress(EventNotApplied):  # its first invoice: the reconciler asks again
            await start_at_stripe(
                services, await stripe_state.get_row(services, created.id), stripe_customer_id
            )
    return await get_subscription(services.database, actor, created.id)


async def start_at_stripe(
    services: Services, row: SubscriptionRow, stripe_customer_id: str
) -> None:
    """Create a subscription at Stripe; with another product where Stripe refuses the product."""
    try:
        await start_once_at_stripe(services, row, stripe_customer_id)
    except StripeRefused as refused:
        if not await services.stripe.repair_product(row.package, refused):
            raise
        await start_once_at_stripe(
            services, await stripe_state.get_row(services, row.id), stripe_customer_id
        )


async def start_once_at_stripe(
    services: Services, row: SubscriptionRow, stripe_customer_id: str
) -> None:
    """Create a subscription at Stripe, or the page on which it begins, and record it.

    One that was created before by the same row is found and recorded. Raises SubscriptionOver where
    it is unwanted, revoked or too late.
    """
    card = row.stripe_payment_method_id
    if card and (stripe_subscription_id := await services.stripe.find_subscription(row)):
        await stripe_state.refetch_subscription(services, row.id, stripe_subscription_id)
        return
    row = await stripe_state.get_row(services, row.id)  # it may have been canceled meanwhile
    if card:
        late = stripe_state.is_start_expired(row)
    else:
        late = opening.is_late(row, opening.MIN_PAGE_LIFETIME)
    if row.unwanted or row.revoked or late:
        raise SubscriptionOver(status="canceled")
    if card:
        await begin_with_card(services, row, stripe_customer_id)
    else:
        await open_page(services, row, stripe_customer_id)


async def begin_with_card(
    services: Services, row: SubscriptionRow, stripe_customer_id: str
) -> None:
    """Have Stripe begin a subscription with a saved payment method, and record its state."""

    async def find() -> Identified | None:
        id = await services.stripe.find_subscription(row, creation.search_since(row))
        return Identified(id=id) if id else None

    request = services.stripe.create_subscription(row, stripe_customer_id)
    created = await creation.create_at_stripe(services, row, request, find)
    await stripe_state.refetch_subscription(services, row.id, created.id)


async def open_page(services: Services, row: SubscriptionRow, stripe_customer_id: str) -> None:
    """Have Stripe make the page on which a subscription begins, and record it."""

    async def find() -> CheckoutSession | None:
        since = creation.search_since(row)
        return await services.stripe.find_session(row.id, SUBSCRIPTION_METADATA, since)

    session = await find() if row.search_start else None
    if session is None:
        request = services.stripe.create_subscription_page(row, stripe_customer_id)
        session = await creation.create_at_stripe(services, row, request, find)
    await stripe_state.record_state(
        services, row, {"stripe_checkout_session_id": session.id, "url": session.url}
    )


async def list_subscriptions(
    database: Database, actor: Person, query: schemas.WhichOrganization
) -> schemas.Subscriptions:
    """List an organization's subscriptions. Raises NotFound."""
    rows = await sql_subscriptions.list_subscriptions(
        database, actor, organization_id=query.organization_id
    )
    return schemas.Subscriptions(subscriptions=rows)


async def get_subscription(
    database: Database, actor: Person, subscription_id: UUID
) -> Subscription:
    """Read a subscription. Raises NotFound."""
    return await sql_subscriptions.get_subscription(
        database, actor, subscription_id=subscription_id
    )


async def check_subscription(
    services: Services, actor: Person, subscription_id: UUID
) -> Subscription:
    """Refetch a subscription, and read it. Raises NotFound, StripeUnavailable, StripeRefused."""
    # Authorized first: `refetch_if_due` acts as the service.
    await get_subscription(services.database, actor, subscription_id)
    await stripe_state.refetch_if_due(services, subscription_id)
    return await get_subscription(services.database, actor, subscription_id)


async def change_subscription(
    services: Services, actor: Person, subscription_id: UUID, request: schemas.SubscriptionChange
) -> Subscription:
    """Change the amount of a subscription, pause or resume it, set its end or take that back.

    Raises BadRequest, NotFound, RoleTooLow, AmountRefused, SubscriptionOver, StripeUnavailable,
    StripeRefused.
    """
    currency = (await get_subscription(services.database, actor, subscription_id)).money.currency
    amount = None if request.amount is None else minor_units(request.amount, currency)
    changes: SubscriptionChanges = {
        "amount": amount,
        "paused": request.paused,
        "cancel_at_period_end": request.cancel_at_period_end,
    }
    requested = await sql_subscriptions.request_subscription_change(
        services.database, actor, subscription_id=subscription_id, changes=changes
    )
    row = await stripe_state.get_row(services, subscription_id)
    change = await stripe_change(services, row, request, amount)
    changed = await change_at_stripe(services, row, change)
    with suppress(EventNotApplied):  # its latest invoice: the reconciler asks again
        await stripe_state.apply_stripe_state(
            services, row, changed, changed_by=requested.changed_by
        )
    return await get_subscription(services.database, actor, subscription_id)


async def stripe_change(
    services: Services,
    row: SubscriptionRow,
    request: schemas.SubscriptionChange,
    amount_minor: int | None,
) -> StripeChange:
    """Return what to change at Stripe. Its own object says which item, and which field has the end.

    Raises BadRequest for a new amount where it has more than one item.
    """
    change, ends = StripeChange(paused=request.paused), request.cancel_at_period_end
    if amount_minor is None and ends is None:
        return change
    at_stripe = await services.stripe.get_subscription(require_stripe_id(row))
    if amount_minor is not None:
        change = change._replace(new_amount=ItemAmount(only_item_id(at_stripe), amount_minor))
    if ends is False and not at_stripe.cancel_at_period_end:
        return change._replace(clears_cancel_at=True)
    if ends and at_stripe.ends_with_period:
        return change
    return change._replace(cancel_at_period_end=ends)


def only_item_id(at_stripe: StripeSubscription) -> str:
    """Return Stripe's id of a subscription's one item. Raises BadRequest where it has more."""
    item, *more = at_stripe.items.data
    if more:
        raise BadRequest("It has more than one item at Stripe: change it in the dashboard there.")
    return item.id


async def change_at_stripe(
    services: Services, row: SubscriptionRow, change: StripeChange
) -> StripeSubscription:
    """Change a subscription at Stripe; return it. Setting what is set already is harmless.

    A new amount takes a product that can have a price: one is repaired where that is why Stripe
    refuses. Raises StripeRefused, StripeUnavailable.
    """
    id = require_stripe_id(row)
    try:
        return await services.stripe.change_subscription(row, id, change)
    except StripeRefused as refused:
        package = row.package
        if not change.new_amount or not await services.stripe.repair_product(package, refused):
            raise
        return await services.stripe.change_subscription(row, id, change)


async def cancel_subscription(
    services: Services, actor: Person, subscription_id: UUID
) -> Subscription:
    """Cancel a subscription now. Raises NotFound, RoleTooLow, StripeUnavailable, StripeRefused."""
    ended: SubscriptionChanges = {"canceled": True}
    await sql_subscriptions.request_subscription_change(
        services.database, actor, subscription_id=subscription_id, changes=ended
    )
    await stripe_state.refetch_and_end(services, subscription_id)
    return await get_subscription(services.database, actor, subscription_id)


def require_stripe_id(row: SubscriptionRow) -> str:
    """Return Stripe's id of a subscription.

    Raises ValueError where it has none yet: SQL changes no subscription before it has begun.
    """
    if row.stripe_subscription_id is None:
        raise ValueError("this subscription has not begun at Stripe")
    return row.stripe_subscription_id
