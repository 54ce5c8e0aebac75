"""Settlement: refetch what Stripe has of a payment, and apply it as an event of our own.

The answer goes through the inbox of events, so that it and Stripe's event have one effect.
"""

from contextlib import suppress
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

import structlog

from backend.database.functions import (
    payments as sql_payments,
    stripe_events as sql_stripe_events,
)
from backend.database.functions.payments import PaymentRow
from backend.database.functions.stripe_events import EventResult, ReceivedEvent
from backend.failures import EventNotApplied, StripeRefused, StripeUnavailable
from backend.payments import opening, stripe_objects
from backend.services import Services
from backend.stripe import creation
from backend.stripe.events import is_other_release
from backend.stripe.parsers.facts import Fact, PaymentFact
from backend.stripe.parsers.intents import PaymentIntent
from backend.stripe.parsers.payments import Payable, parse_payment
from backend.stripe.parsers.sessions import CheckoutSession

log = structlog.get_logger(__name__)

LOGGED_FIELDS: Final = {"id", "type", "state", "reason", "payment_id"}
# Outcomes that a payment can have more than once, each of another try of its intent.
REPEATABLE: Final = ("processing", "failed")
CHECK_PREFIX: Final = "check:"  # of the id under which the inbox has an answer of Stripe's


async def refetch_if_due(services: Services, payment_id: UUID) -> bool:
    """Ask Stripe about a payment, at most every three seconds; return whether it was asked now."""
    payment = await sql_payments.claim_payment_check(services.database, payment_id=payment_id)
    if payment.due:
        await refetch_payment(services, payment_id)
    return payment.due


async def refetch_payment(services: Services, payment_id: UUID) -> None:
    """Refetch a payment's objects from Stripe, and record their state.

    Nothing is changed at Stripe, but for an intent whose payment was canceled meanwhile: it is
    closed.
    """
    payment = await sql_payments.get_payment_for_service(services.database, payment_id=payment_id)
    if payment.status == "created" and payment.flow == "charge":
        await find_lost_charge(services, payment)
    else:
        stripe_object = await stripe_objects.fetch_stripe_object(services, payment)
        await settle_payment(services, payment, stripe_object)


async def find_lost_charge(services: Services, payment: PaymentRow) -> bool:
    """Find the intent of a charge whose answer was lost, and settle it.

    Returns whether there is one. Raises StripeUnavailable where Stripe does not say: nobody knows.
    """
    if payment.sent_at is None and payment.search_start is None:  # Stripe was never asked for it
        return False
    return await find_charge(services, payment, creation.created_since(payment))


async def find_charge(services: Services, payment: PaymentRow, since: int) -> bool:
    """Find and settle the intent of a charge among those since then (seconds since 1970).

    Returns and raises as `find_lost_charge`.
    """
    try:
        intent = await services.stripe.find_intent(payment, since)
    except StripeRefused as refused:
        raise StripeUnavailable from refused
    if intent is None:
        return False
    await record_charge(services, payment, intent)
    return True


async def record_charge(services: Services, payment: PaymentRow, intent: PaymentIntent) -> None:
    """Settle the charge of a saved card; with 3-D Secure the payment gets the link to confirm it.

    https://docs.stripe.com/payments/3d-secure
    """
    if intent.status == "requires_action":
        await opening.record_opened(
            services, payment.id, stripe_payment_intent_id=intent.id, url=intent.three_d_secure_url
        )
    await settle_payment(services, payment, intent)


async def settle_payment(services: Services, payment: PaymentRow, stripe_object: Payable) -> None:
    """Apply what Stripe answered about a payment.

    Whoever asked goes on with what there is where it could not be applied: the reconciler asks too.
    """
    fact = parse_payment(stripe_object, status=payment.status, flow=payment.flow)
    if fact.outcome is None:
        return
    name = f"{payment.id}:{fact.outcome}"
    if fact.outcome in REPEATABLE and (charge_id := tried_charge_id(stripe_object)):
        name = f"{name}:{charge_id}"
    if isinstance(fact, PaymentFact) and fact.funded_minor:
        name = f"{name}:{fact.funded_minor}"
    with suppress(EventNotApplied):
        await receive_refetched(services, name, stripe_object.livemode, fact)


def tried_charge_id(stripe_object: Payable) -> str | None:
    """Return the id of the charge of the last try, by which two tries of an intent differ."""
    match stripe_object:
        case PaymentIntent():
            return stripe_object.latest_charge_id
        case CheckoutSession(payment_intent=PaymentIntent() as intent):
            return intent.latest_charge_id
    return None


async def receive_refetched(services: Services, name: str, livemode: bool, fact: Fact) -> None:
    """Record and apply an answer of Stripe's as an event; the same `name` is the same answer.

    Raises EventNotApplied where it is recorded and could not be applied yet.
    """
    event = ReceivedEvent(
        id=f"{CHECK_PREFIX}{name}",
        type="check",
        livemode=livemode,
        created=int(datetime.now(UTC).timestamp()),
        fact=fact,
    )
    [result] = await sql_stripe_events.receive_events(services.database, events=[event])
    services.wakeup.wake()
    record_result(services, result)
    if result.state == "failed":
        raise EventNotApplied.logged()


def record_result(services: Services, result: EventResult) -> None:
    """Log what became of an event, once, and count one that is ignored.

    Where Stripe has yet to be asked about it, or nothing changed, it is a debug line.
    """
    fields = result.model_dump(mode="json", include=LOGGED_FIELDS)
    if result.api_version and is_other_release(result.api_version):
        fields["api_version"] = result.api_version
    if result.repeat or result.fact is not None:
        log.debug("stripe_event_processed", **fields)
        return
    if result.state in ("failed", "dead_letter"):
        log.error("stripe_event_processed", **fields)
    else:
        log.info("stripe_event_processed", **fields)
    if result.state == "ignored":
        services.metrics.events_ignored.labels(result.reason).inc()
