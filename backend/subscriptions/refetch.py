"""Ask Stripe how a subscription stands, write that down, and credit its latest invoice.

That is always Stripe's answer to a question, and that of the last question counts.
"""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from uuid import UUID

from backend.database.functions import subscriptions as sql_subscriptions
from backend.database.functions.subscriptions import SeenSubscription, SubscriptionRow
from backend.failures import EventNotApplied, StripeRefused
from backend.payments import checkout
from backend.services import Services
from backend.stripe.parsers.facts import InvoiceFact, SubscriptionFact
from backend.stripe.parsers.invoices import Invoice, parse_invoice
from backend.stripe.parsers.subscriptions import StripeSubscription

START_WINDOW = timedelta(minutes=10)  # with a saved card, of when it was asked for


async def get_row(
    services: Services, subscription_id: UUID | None, found: str | None = None
) -> SubscriptionRow:
    """All that is needed to talk to Stripe about it; by our id, or by Stripe's."""
    return await sql_subscriptions.get_subscription_for_service(
        services.database, subscription_id=subscription_id, stripe_subscription_id=found
    )


async def check(services: Services, subscription_id: UUID) -> None:
    """Ask Stripe how a subscription stands, at most every three seconds; change nothing."""
    if await sql_subscriptions.claim_subscription_check(
        services.database, subscription_id=subscription_id
    ):
        with suppress(EventNotApplied):  # its latest invoice: the reconciler asks again
            await refetch_subscription(services, subscription_id, end=False)


async def reconcile(services: Services, subscription_id: UUID) -> None:
    """Ask Stripe how a subscription stands, and end what is over.

    Where its latest invoice could not be credited yet, the next round asks again.
    """
    with suppress(EventNotApplied):
        await refetch_subscription(services, subscription_id)


async def refetch_subscription(
    services: Services,
    subscription_id: UUID | None,
    found: str | None = None,
    *,
    end: bool = True,
) -> None:
    """Ask Stripe how a subscription stands; `found` is its id there, if that is news.

    `end`: what nobody wants any more, or nobody heard to have begun in time, is ended. Raises
    EventNotApplied where its latest invoice is recorded and could not be credited yet.
    """
    row = await get_row(services, subscription_id, found)
    at_stripe = row.stripe_subscription_id or found or await find_begun(services, row, end=end)
    if at_stripe:
        await apply_stripe_state(
            services, row, await services.stripe.get_subscription(at_stripe), end=end
        )


async def find_begun(services: Services, row: SubscriptionRow, *, end: bool) -> str | None:
    """Find Stripe's id of a subscription that we have not heard to have begun.

    With `end` it is canceled where it has not, and nobody wants it, or may have it, any more.
    """
    over = row.unwanted or row.revoked
    if page := row.stripe_checkout_session_id:
        return await find_on_page(services, row, page, close=over and end)
    at_stripe = None
    if row.stripe_payment_method_id:
        at_stripe = await services.stripe.find_subscription(row)
        over = over or is_start_expired(row)
    if at_stripe is None and over and end and row.status == "incomplete":
        await record_state(services, row, {"status": "canceled"})
    return at_stripe


async def find_on_page(
    services: Services, row: SubscriptionRow, page: str, *, close: bool
) -> str | None:
    """Find Stripe's id of a subscription that begins on a page; an open page may be closed."""
    session = await services.stripe.get_session(page)
    if session.status == "open" and close:
        session = await services.stripe.expire_session(page)
    if session.status == "expired":
        await record_state(services, row, {"status": "canceled"})
    return session.subscription


def is_start_expired(row: SubscriptionRow) -> bool:
    """Whether Stripe is asked no more to begin what it was not heard to have begun."""
    return datetime.now(UTC) - row.created_at > START_WINDOW


async def apply_stripe_state(
    services: Services,
    row: SubscriptionRow,
    found: StripeSubscription,
    *,
    end: bool = True,
    changed_by: UUID | None = None,
) -> None:
    """Write down how Stripe says a subscription stands; its latest invoice credits if it is paid.

    Somebody may have ended it while Stripe was making it, or lost the role before its payer began:
    then it ends now. `changed_by` will see it, and needs not be told.
    """
    over = row.unwanted or (row.revoked and found.status == "incomplete")
    if end and over and found.status != "canceled":
        with suppress(StripeRefused):  # it has ended by itself meanwhile
            await services.stripe.cancel_subscription(found.id)
        found = await services.stripe.get_subscription(found.id)
    item, invoice = found.items.data[0], found.invoice
    seen: SeenSubscription = {
        "stripe_subscription_id": found.id,
        "status": found.status,
        "paused": bool(found.pause_collection),
        "amount": item.price.unit_amount,
        "ends": item.current_period_end,
        "payment_method": found.default_payment_method,
        "url": invoice.hosted_invoice_url if invoice and invoice.status == "open" else None,
    }
    await record_state(services, row, seen, changed_by=changed_by)
    if invoice and invoice.status == "paid":
        await credit(services, invoice)


async def record_state(
    services: Services,
    row: SubscriptionRow,
    seen: SeenSubscription,
    *,
    changed_by: UUID | None = None,
) -> None:
    """What Stripe answered when it was asked for `row`."""
    when: SeenSubscription = {
        "refetched_at": row.refetched_at.isoformat(),
        "changed_by": str(changed_by) if changed_by else None,
    }
    await sql_subscriptions.record_subscription_state(
        services.database, subscription_id=row.id, state={**seen, **when}
    )
    services.wakeup.wake()


async def refetch_after_event(services: Services, fact: SubscriptionFact) -> None:
    """After an event of a subscription's. Raises EventNotApplied as `refetch_subscription` does."""
    ours = fact.subscription_id
    await refetch_subscription(services, UUID(ours) if ours else None, fact.stripe_subscription_id)


async def refetch_invoice(services: Services, fact: InvoiceFact) -> None:
    """After the event of a paid invoice, which does not say it."""
    await credit(services, await services.stripe.get_invoice(fact.invoice_id))


async def credit(services: Services, invoice: Invoice) -> None:
    """What Stripe says of a paid invoice takes the way of an event. Raises EventNotApplied."""
    fact = parse_invoice(invoice, "paid")
    name = ":".join([invoice.id, "paid", *fact.intents])
    await checkout.receive_refetched(services, name, invoice.livemode, fact)
