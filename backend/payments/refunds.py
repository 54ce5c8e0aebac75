"""Refunds: the row first, then Stripe, then what Stripe answered the way of a webhook.

Whatever gets lost on the way is found again by the list of the payment's refunds, where ours carry
our id: a refund is asked for again only while Stripe still knows its idempotency key.
"""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from uuid import UUID

import structlog

from backend.database.functions import refunds as sql_refunds
from backend.database.functions.refunds import RefundRow
from backend.database.protocol import Person
from backend.failures import EventNotApplied, IdempotencyConflict, StripeRefused, StripeUnavailable
from backend.payments import service, settlement
from backend.schemas import Refund, RefundRequest
from backend.services import Services
from backend.stripe.parsers.refunds import Refund as StripeRefund, parse_refund
from backend.wallets import money

# Stripe may forget a key after 24 hours: https://docs.stripe.com/api/idempotent_requests. It is
# asked again while the key lives for certain, and asked no more, nor given up, while it may live.
KEY_LIVES = timedelta(hours=23)
KEY_IS_FORGOTTEN = timedelta(hours=25)


async def create_refund(
    services: Services, actor: Person, payment_id: UUID, request: RefundRequest, key: str
) -> Refund:
    """Send money of a payment back to its payer, all that is left or a part.

    The same `key` finds the same refund again, and one that Stripe refused is tried once more.
    Raises NotFound, RoleTooLow, IdempotencyKeyReused, NothingToRefund, RefundTooLarge, one of
    AmountRefused, StripeRefused, StripeUnavailable (it may have gone back: the reconciler asks).
    """
    payment = await service.get_payment(services, actor, payment_id)
    amount = None
    if request.amount is not None:
        amount = money.minor_units(request.amount, payment.money.currency)
    created = await sql_refunds.create_refund(
        services.database,
        actor,
        payment_id=payment_id,
        idempotency_key=key,
        amount=amount,
        reason=request.reason,
    )
    services.wakeup.wake()
    if created.status == "requested":
        await reconcile_refund(services, created.id)
    return await sql_refunds.get_refund(services.database, actor, refund_id=created.id)


async def send_refund(services: Services, row: RefundRow) -> None:
    """Ask Stripe for the refund. Raises StripeRefused, and StripeUnavailable: nobody knows yet."""
    try:
        with structlog.contextvars.bound_contextvars(refund_id=str(row.id)):
            refund = await services.stripe.create_refund(row)
    except IdempotencyConflict:
        if await settle_from_stripe(services, row):
            return
        raise
    except StripeRefused as refused:
        await mark_refund_refused(services, row, refused.facts["stripe_code"])
        raise
    with suppress(EventNotApplied):  # the reconciler asks again
        await settle_refunds(services, [refund], row.livemode)


async def mark_refund_refused(services: Services, row: RefundRow, reason: str) -> None:
    """Fail a refund that is not at Stripe, and will not come there by this attempt."""
    await sql_refunds.refuse_refund(
        services.database, refund_id=row.id, attempt=row.attempt, failure=reason
    )
    services.wakeup.wake()


async def settle_from_stripe(services: Services, row: RefundRow) -> bool:
    """Settle what Stripe lists for the payment; return whether this refund is among it.

    Raises StripeUnavailable where it does not say: nobody knows.
    """
    try:
        listed = await services.stripe.list_refunds(row.stripe_payment_intent_id)
    except StripeRefused as refused:
        raise StripeUnavailable from refused
    with suppress(EventNotApplied):  # the reconciler asks again
        await settle_refunds(services, listed, row.livemode)
    return str(row.id) in [each.refund_id for each in listed]


async def refetch_refunds(
    services: Services, stripe_payment_intent_id: str, livemode: bool
) -> None:
    """Ask Stripe which refunds an intent has, and settle each as it stands.

    Raises EventNotApplied as `settle_refunds` does.
    """
    await settle_refunds(
        services, await services.stripe.list_refunds(stripe_payment_intent_id), livemode
    )


async def settle_refunds(services: Services, refunds: list[StripeRefund], livemode: bool) -> None:
    """Apply what Stripe answered about refunds, the way of its events.

    Raises EventNotApplied after the last one where one of them could not be applied yet.
    """
    failed = None
    for each in refunds:
        name = f"{each.id}:{each.status}"
        try:
            await settlement.receive_refetched(services, name, livemode, parse_refund(each))
        except EventNotApplied as error:
            failed = error
    if failed:
        raise failed


async def reconcile_refund(services: Services, refund_id: UUID) -> None:
    """Find out what became of a refund, and make one that was never made while its key lives.

    Only while whoever asked for it may do so: an owner or admin, still.
    """
    row = await sql_refunds.get_refund_for_service(services.database, refund_id=refund_id)
    if await settle_from_stripe(services, row):
        return
    if row.status != "requested" or not row.made_here:
        return  # what we did not begin is never carried out by us
    row = await sql_refunds.get_refund_for_service(services.database, refund_id=refund_id)
    if row.status != "requested":
        return
    if not row.authorized:
        await mark_refund_refused(services, row, "requester_lost_role")
        return
    age = datetime.now(UTC) - row.requested_at
    if age < KEY_LIVES:
        await send_refund(services, row)
    elif age > KEY_IS_FORGOTTEN:
        await mark_refund_refused(services, row, "never_made")
