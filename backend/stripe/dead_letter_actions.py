"""Dead letters: events that could not be applied, and what the operator can do with them.

`retry` applies one again with a newly fetched fact. `accept` credits what Stripe received and takes
back what it took, whatever was requested; `adopt` does so for a payment or a subscription that this
database does not have. `dismiss` moves nothing, and says what stays unequal.
"""

from uuid import UUID

from backend.database.functions import dead_letters as sql_dead_letters
from backend.database.functions.dead_letters import (
    AcceptedEvent,
    AdoptedSubscription,
    DismissedEvent,
    EventRow,
    IntentAtStripe,
    MoneyAtStripe,
)
from backend.database.functions.stripe_events import EventResult, EventState
from backend.errors import BadRequest, PursebotError
from backend.payments.disputes import fetch_dispute
from backend.payments.settlement import CHECK_PREFIX
from backend.payments.stripe_objects import fetch_stripe_object
from backend.services import Services
from backend.stripe.event_processing import reapply_event, record_refetch_failure, refetch_event
from backend.stripe.events import parse_event
from backend.stripe.metadata import organization_in
from backend.stripe.parsers.disputes import parse_refetched_dispute
from backend.stripe.parsers.facts import (
    DisputeFact,
    Fact,
    InvoiceFact,
    PaymentFact,
    RefetchFact,
    TakenBack,
    stored_fact,
)
from backend.stripe.parsers.invoices import parse_invoice
from backend.stripe.parsers.refunds import parse_refund
from backend.stripe.refetch import parse_payable, refetch
from backend.subscriptions import adoption


async def list_dead_letters(services: Services, everything: bool) -> list[EventRow]:
    """List failed events and dead letters, newest first; with `everything` those of all states."""
    states: list[EventState] = ["failed", "dead_letter"]
    if everything:
        states += ["done", "ignored"]
    return await sql_dead_letters.list_events(services.database, states=states, max_rows=100)


async def get_event(services: Services, event_id: str) -> EventRow:
    """Read an event in any state, with its payment. Raises NotFound."""
    return await sql_dead_letters.get_event(services.database, event_id=event_id)


async def retry_dead_letter(services: Services, event_id: str) -> EventResult:
    """Apply an event again with what Stripe says now. Raises NotFound unless it is open."""
    fact = await fact_now(services, await get_event(services, event_id))
    result = await sql_dead_letters.retry_event(services.database, event_id=event_id, fact=fact)
    services.wakeup.wake()
    if result.fact is not None:
        try:
            result = await refetch_event(services, result, stored_fact(result.fact))
        except PursebotError as failure:
            await record_refetch_failure(services, result, failure)
            raise
    return result


async def fact_now(services: Services, event: EventRow) -> Fact:
    """Fetch the current fact of an event."""
    if not event.id.startswith(CHECK_PREFIX):
        return parse_event(await services.stripe.get_event(event.id))
    fact = stored_fact(event.fact)
    if isinstance(fact, PaymentFact) and event.payment is not None:
        return parse_payable(await fetch_stripe_object(services, event.payment), event.payment)
    if isinstance(fact, InvoiceFact):
        return parse_invoice(await services.stripe.get_invoice(fact.stripe_invoice_id), "paid")
    if isinstance(fact, DisputeFact):
        return await fetch_dispute(services, fact.id)
    return fact


async def accept_dead_letter(
    services: Services,
    event_id: str,
    *,
    adopting: bool,
    organization_id: UUID | None,
    dry_run: bool,
) -> AcceptedEvent:
    """Credit what Stripe received for an event, and take back what refunds and disputes took.

    With `adopting` the payment is created, for the organization that has Stripe's customer or else
    the named one. With `dry_run` nothing is written. Raises NotFound, CannotBeAccepted,
    OrganizationNeeded.
    """
    event = await get_event(services, event_id)
    stripe_objects = await fetch_stripe_objects(services, event)
    result = await sql_dead_letters.accept_event(
        services.database,
        event_id=event_id,
        at_stripe=stripe_objects,
        adopting=adopting,
        organization_id=organization_id,
        dry_run=dry_run,
    )
    services.wakeup.wake()
    return result


async def adopt_dead_letter(
    services: Services, event_id: str, *, organization_id: UUID | None, dry_run: bool
) -> AcceptedEvent | AdoptedSubscription:
    """Create the payment or the subscription of an event that this database does not have.

    Raises as `accept_dead_letter`.
    """
    fact = stored_fact((await get_event(services, event_id)).fact)
    adopted = await adoption.adopt_subscription(
        services, fact, organization_id=organization_id, dry_run=dry_run
    )
    if adopted is None:
        return await accept_dead_letter(
            services, event_id, adopting=True, organization_id=organization_id, dry_run=dry_run
        )
    for reopened_id in adopted.event_ids if adopted.posted else []:
        await reapply_event(services, reopened_id)
    return adopted


async def fetch_stripe_objects(services: Services, event: EventRow) -> MoneyAtStripe:
    """Fetch all that Stripe has of an event's money, as `api.accept_event` takes it."""
    fact = await money_fact(services, event)
    stripe_objects = MoneyAtStripe(
        stripe_customer_id=None,
        metadata_organization_id=None,
        stripe_checkout_session_id=None,
        stripe_invoice_id=fact.stripe_invoice_id if isinstance(fact, InvoiceFact) else None,
        intents=[],
        refunds=[],
        disputes=[],
    )
    if isinstance(fact, InvoiceFact):
        for stripe_payment_intent_id in fact.intents:
            await add_payment_intent(services, stripe_objects, stripe_payment_intent_id)
        distribute_tax(stripe_objects["intents"], fact.tax_minor)
    elif isinstance(fact, PaymentFact | TakenBack) and fact.stripe_payment_intent_id:
        await add_payment_intent(services, stripe_objects, fact.stripe_payment_intent_id)
    return stripe_objects


async def money_fact(services: Services, event: EventRow) -> Fact:
    """Fetch the fact of an event that says which intents it is about."""
    fact = stored_fact(event.fact)
    match fact:
        case (
            InvoiceFact(stripe_invoice_id=stripe_invoice_id)
            | RefetchFact(about="invoice", object_id=stripe_invoice_id)
        ):
            return parse_invoice(await services.stripe.get_invoice(stripe_invoice_id), "paid")
        case PaymentFact() | RefetchFact():
            return await refetch(services, fact, event.payment.id if event.payment else None)
    return fact


def distribute_tax(intents: list[IntentAtStripe], tax_minor: int) -> None:
    """Set each intent's part of an invoice's tax, in proportion; the parts add up to all of it."""
    total_minor = sum(intent["received_minor"] for intent in intents)
    paid_minor, distributed_minor = 0, 0
    for intent in intents:
        paid_minor += intent["received_minor"]
        due_minor = tax_minor * paid_minor // max(total_minor, 1)
        intent["tax_minor"] = due_minor - distributed_minor
        distributed_minor = due_minor


async def add_payment_intent(
    services: Services, stripe_objects: MoneyAtStripe, stripe_payment_intent_id: str
) -> None:
    """Fetch an intent, its page (which has the tax), its refunds and its disputes."""
    intent = await services.stripe.get_intent(stripe_payment_intent_id)
    tax_minor = 0
    for session in await services.stripe.list_checkout_sessions(stripe_payment_intent_id):
        stripe_objects["stripe_checkout_session_id"] = session.id
        tax_minor = session.tax
    if stripe_objects["stripe_customer_id"] is None:
        stripe_objects["stripe_customer_id"] = intent.customer
    stripe_objects["metadata_organization_id"] = organization_in(
        intent.metadata, services.stripe.installation_id
    )
    stripe_objects["intents"].append(
        {
            "stripe_payment_intent_id": stripe_payment_intent_id,
            "received_minor": intent.amount_received,
            "tax_minor": tax_minor,
            "currency": intent.currency,
            "happened_at": intent.charged_at,
            "stripe_payment_method_id": intent.payment_method,
        }
    )
    for refund in await services.stripe.list_refunds(stripe_payment_intent_id):
        stripe_objects["refunds"].append(parse_refund(refund))
    for dispute in await services.stripe.list_disputes(stripe_payment_intent_id):
        charge = await services.stripe.get_charge(dispute.charge)
        stripe_objects["disputes"].append(parse_refetched_dispute(dispute, charge, None))


async def dismiss_dead_letter(
    services: Services, event_id: str, who: str, reason: str
) -> DismissedEvent:
    """Close an event that was settled by hand; `who` and `reason` are recorded with it.

    `stays_unequal` of the answer is what Stripe moved and the wallet has not. Raises BadRequest
    without a reason, NotFound.
    """
    if not reason.strip():
        raise BadRequest("Say why: --reason '...'")
    event = await sql_dead_letters.dismiss_event(
        services.database, event_id=event_id, dismissed_by=who, reason=reason.strip()
    )
    services.wakeup.wake()
    return event
