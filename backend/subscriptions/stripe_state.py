"""Stripe's state of subscriptions: refetch it, record it, credit the invoice, end what is over.

The state comes from answers of Stripe's only, never from events; the latest answer counts.
"""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from uuid import UUID

from backend.database.functions import subscriptions as sql_subscriptions
from backend.database.functions.subscriptions import SubscriptionRow, SubscriptionState
from backend.failures import EventNotApplied, StripeRefused
from backend.payments.settlement import receive_refetched
from backend.services import Services
from backend.stripe.parsers.facts import InvoiceFact, SubscriptionFact
from backend.stripe.parsers.invoices import Invoice, parse_invoice
from backend.stripe.parsers.subscriptions import StripeSubscription

START_WINDOW = timedelta(minutes=10)  # from the request, where a saved payment method pays


async def get_row(
    services: Services, subscription_id: UUID | None, stripe_subscription_id: str | None = None
) -> SubscriptionRow:
    """Read a subscription for requests to Stripe, by our id or by Stripe's. Raises NotFound."""
    return await sql_subscriptions.get_subscription_for_service(
        services.database,
        subscription_id=subscription_id,
        stripe_subscription_id=stripe_subscription_id,
    )


async def refetch_if_due(services: Services, subscription_id: UUID) -> None:
    """Refetch a subscription, at most every three seconds; change nothing at Stripe.

    Raises NotFound, StripeUnavailable, StripeRefused.
    """
    if await sql_subscriptions.claim_subscription_check(
        services.database, subscription_id=subscription_id
    ):
        with suppress(EventNotApplied):  # its latest invoice: the reconciler asks again
            await refetch_subscription(services, subscription_id, end=False)


async def refetch_and_end(services: Services, subscription_id: UUID) -> None:
    """Refetch a subscription, and end what is unwanted or revoked at Stripe.

    Where its latest invoice could not be credited, the reconciler tries again. Raises as
    `refetch_if_due`.
    """
    with suppress(EventNotApplied):
        await refetch_subscription(services, subscription_id)


async def refetch_subscription(
    services: Services,
    subscription_id: UUID | None,
    stripe_subscription_id: str | None = None,
    *,
    end: bool = True,
) -> None:
    """Refetch a subscription, by our id or by Stripe's; record its state and credit its invoice.

    `end`: cancel it at Stripe where it is unwanted, or revoked before its first payment; mark it as
    canceled where it did not begin in time. Raises NotFound, StripeUnavailable, StripeRefused, and
    EventNotApplied where the latest invoice is recorded and could not be credited yet.
    """
    row = await get_row(services, subscription_id, stripe_subscription_id)
    id = row.stripe_subscription_id or stripe_subscription_id
    if id is None:
        id = await find_begun(services, row, end=end)
    if id is not None:
        at_stripe = await services.stripe.get_subscription(id)
        await apply_stripe_state(services, row, at_stripe, end=end)


async def find_begun(services: Services, row: SubscriptionRow, *, end: bool) -> str | None:
    """Find Stripe's id of a subscription that has begun without our having recorded it.

    With `end`, one that has not begun and is unwanted, revoked or too late is marked as canceled.
    """
    over = row.unwanted or row.revoked
    if page := row.stripe_checkout_session_id:
        return await find_on_page(services, row, page, close=over and end)
    id = None
    if row.stripe_payment_method_id:
        id = await services.stripe.find_subscription(row)
        over = over or is_start_expired(row)
    if id is None and over and end and row.status == "incomplete":
        await record_state(services, row, {"status": "canceled"})
    return id


async def find_on_page(
    services: Services, row: SubscriptionRow, page: str, *, close: bool
) -> str | None:
    """Find Stripe's id of a subscription that begins on a page; `close` expires an open page."""
    session = await services.stripe.get_session(page)
    if session.status == "open" and close:
        session = await services.stripe.expire_session(page)
    if session.status == "expired":
        await record_state(services, row, {"status": "canceled"})
    return session.subscription


def is_start_expired(row: SubscriptionRow) -> bool:
    """Return whether it is too late to create a subscription at Stripe: START_WINDOW has passed."""
    return datetime.now(UTC) - row.created_at > START_WINDOW


async def apply_stripe_state(
    services: Services,
    row: SubscriptionRow,
    at_stripe: StripeSubscription,
    *,
    end: bool = True,
    changed_by: UUID | None = None,
) -> None:
    """Record the state of a subscription at Stripe, and credit its latest invoice if that is paid.

    With `end`, one that was canceled while Stripe was creating it, or whose creator lost the role
    before its payer began, is canceled first. `changed_by` is not notified of the change.
    """
    over = row.unwanted or (row.revoked and at_stripe.status == "incomplete")
    if end and over and at_stripe.status != "canceled":
        with suppress(StripeRefused):  # it has ended by itself meanwhile
            await services.stripe.cancel_subscription(at_stripe.id)
        at_stripe = await services.stripe.get_subscription(at_stripe.id)
    item, invoice = at_stripe.items.data[0], at_stripe.invoice
    state: SubscriptionState = {
        "stripe_subscription_id": at_stripe.id,
        "status": at_stripe.status,
        "paused": bool(at_stripe.pause_collection),
        "amount": item.price.unit_amount,
        "ends": item.current_period_end,
        "cancel_at": at_stripe.ends_at,
        "cancel_at_period_end": at_stripe.ends_with_period,
        "payment_method": at_stripe.default_payment_method,
        "url": invoice.hosted_invoice_url if invoice and invoice.status == "open" else None,
        "invoice": invoice.id if invoice else None,
        "invoice_status": invoice.status if invoice else None,
    }
    await record_state(services, row, state, changed_by=changed_by)
    if invoice and invoice.status == "paid":
        await credit(services, invoice)


async def record_state(
    services: Services,
    row: SubscriptionRow,
    state: SubscriptionState,
    *,
    changed_by: UUID | None = None,
) -> None:
    """Record what Stripe answered to a request made with `row`."""
    request: SubscriptionState = {
        "refetched_at": row.refetched_at.isoformat(),
        "changed_by": str(changed_by) if changed_by else None,
    }
    await sql_subscriptions.record_subscription_state(
        services.database, subscription_id=row.id, state={**state, **request}
    )
    services.wakeup.wake()


async def refetch_after_event(services: Services, fact: SubscriptionFact) -> None:
    """Refetch the subscription of an event's fact. Raises as `refetch_subscription`."""
    ours = fact.subscription_id
    await refetch_subscription(services, UUID(ours) if ours else None, fact.stripe_subscription_id)


async def refetch_invoice(services: Services, fact: InvoiceFact) -> None:
    """Refetch and credit the invoice of an event's fact, which does not say what paid it.

    Raises EventNotApplied, StripeUnavailable, StripeRefused.
    """
    await credit(services, await services.stripe.get_invoice(fact.stripe_invoice_id))


async def credit(services: Services, invoice: Invoice) -> None:
    """Apply a paid invoice as an event of our own. Raises EventNotApplied.

    The event's name contains the intents that paid, so that a later payment is applied, too.
    """
    fact = parse_invoice(invoice, "paid")
    name = ":".join([invoice.id, "paid", *fact.intents])
    await receive_refetched(services, name, invoice.livemode, fact)
