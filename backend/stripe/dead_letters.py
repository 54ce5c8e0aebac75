"""Dead letters: events that could not be applied, and their ways out.

`retry` applies one as Stripe tells it now. `accept` credits what Stripe received and takes back
what it took, whatever had been asked for; `adopt` does so for a payment that this database does not
have.
`dismiss` moves nothing, and says what stays unequal.
"""

from uuid import UUID

from backend.database.functions import dead_letters as sql_dead_letters
from backend.database.functions.dead_letters import (
    AcceptedEvent,
    DismissedEvent,
    EventRow,
    FoundAtStripe,
    IntentFound,
)
from backend.database.functions.stripe_events import EventResult, EventState
from backend.errors import BadRequest, PursebotError
from backend.payments.checkout import STRIPE_DECIDES, look
from backend.shop import Shop
from backend.stripe.events import parse_event
from backend.stripe.parsers.disputes import parse_refetched_dispute
from backend.stripe.parsers.facts import (
    Fact,
    InvoiceFact,
    PaymentFact,
    RefetchFact,
    TakenBack,
    stored_fact,
)
from backend.stripe.parsers.invoices import parse_invoice
from backend.stripe.parsers.refunds import parse_refund
from backend.stripe.refetch import parse_found, refetch
from backend.stripe.webhooks import decide, unanswered

CHECK = "check:"  # an answer to a question of our own, see checkout.receive_check


async def listing(shop: Shop, everything: bool) -> list[EventRow]:
    """Failed events and dead letters, newest first; with `everything` the last of all states."""
    states: list[EventState] = ["failed", "parked"]
    if everything:
        states += ["done", "ignored"]
    return await sql_dead_letters.list_events(shop.database, states=states, most=100)


async def show(shop: Shop, event_id: str) -> EventRow:
    """One event with its payment; raises NotFound."""
    return await sql_dead_letters.get_event(shop.database, event_id=event_id)


async def retry(shop: Shop, event_id: str) -> EventResult:
    """Apply an event again as Stripe tells it now; raises NotFound unless it is open."""
    fact = await fact_now(shop, await show(shop, event_id))
    result = await sql_dead_letters.retry_event(shop.database, event_id=event_id, fact=fact)
    shop.bell.ring()
    if result.reason == STRIPE_DECIDES and result.fact is not None:
        try:
            result = await decide(shop, result, stored_fact(result.fact))
        except PursebotError as failure:
            await unanswered(shop, event_id, failure)
            raise
    return result


async def fact_now(shop: Shop, event: EventRow) -> Fact:
    """The fact of an event as Stripe tells it now."""
    if not event.id.startswith(CHECK):
        return parse_event(await shop.stripe.get_event(event.id))
    fact = stored_fact(event.fact)
    if isinstance(fact, PaymentFact) and event.payment is not None:
        return parse_found(await look(shop, event.payment), event.payment)
    if isinstance(fact, InvoiceFact):
        return parse_invoice(await shop.stripe.get_invoice(fact.invoice_id), "paid")
    return fact


async def accept(
    shop: Shop, event_id: str, *, adopting: bool, organization_id: UUID | None, dry_run: bool
) -> AcceptedEvent:
    """Credit what Stripe received for an event, and take back what refunds and disputes took.

    With `adopting` the payment is made, of the organization that has Stripe's customer, else of
    the one named. With `dry_run` nothing is written.
    Raises NotFound, CannotBeAccepted, OrganizationNeeded.
    """
    event = await show(shop, event_id)
    found = await found_at_stripe(shop, event)
    result = await sql_dead_letters.accept_event(
        shop.database,
        event_id=event_id,
        at_stripe=found,
        adopting=adopting,
        organization_id=organization_id,
        dry_run=dry_run,
    )
    shop.bell.ring()
    return result


async def found_at_stripe(shop: Shop, event: EventRow) -> FoundAtStripe:
    """All that Stripe has of the money that an event is about, as `api.accept_event` takes it."""
    fact = await money_fact(shop, event)
    found = FoundAtStripe(
        customer_id=None,
        session_id=None,
        invoice_id=fact.invoice_id if isinstance(fact, InvoiceFact) else None,
        intents=[],
        refunds=[],
        disputes=[],
    )
    if isinstance(fact, InvoiceFact):
        for intent_id in fact.intents:
            await add_intent(shop, found, intent_id)
        spread_tax(found["intents"], fact.tax_minor)
    elif isinstance(fact, PaymentFact | TakenBack) and fact.intent_id:
        await add_intent(shop, found, fact.intent_id)
    return found


async def money_fact(shop: Shop, event: EventRow) -> Fact:
    """What an event says of money, as Stripe says it now."""
    fact = stored_fact(event.fact)
    match fact:
        case (
            InvoiceFact(invoice_id=invoice_id) | RefetchFact(about="invoice", object_id=invoice_id)
        ):
            return parse_invoice(await shop.stripe.get_invoice(invoice_id), "paid")
        case PaymentFact() | RefetchFact():
            return await refetch(shop, fact, event.payment.id if event.payment else None)
    return fact


def spread_tax(intents: list[IntentFound], tax_minor: int) -> None:
    """Each intent of an invoice has the part of its tax that it paid; the parts sum up to all."""
    total, paid, taxed = sum(intent["received_minor"] for intent in intents), 0, 0
    for intent in intents:
        paid += intent["received_minor"]
        intent["tax_minor"] = tax_minor * paid // max(total, 1) - taxed
        taxed += intent["tax_minor"]


async def add_intent(shop: Shop, found: FoundAtStripe, intent_id: str) -> None:
    """An intent's money, whose it is, and what went back of it; its page knows the tax."""
    intent, tax_minor = await shop.stripe.get_intent(intent_id), 0
    for session in await shop.stripe.sessions_of(intent_id):
        found["session_id"], tax_minor = session.id, session.tax
    found["customer_id"] = found["customer_id"] or intent.customer
    found["intents"].append(
        {
            "intent_id": intent_id,
            "received_minor": intent.amount_received,
            "tax_minor": tax_minor,
            "currency": intent.currency,
            "paid_method_id": intent.payment_method,
        }
    )
    for refund in await shop.stripe.refunds_of(intent_id):
        found["refunds"].append(parse_refund(refund))
    for dispute in await shop.stripe.disputes_of(intent_id):
        charge = await shop.stripe.get_charge(dispute.charge)
        found["disputes"].append(parse_refetched_dispute(dispute, charge, None))


async def dismiss(shop: Shop, event_id: str, who: str, reason: str) -> DismissedEvent:
    """Close an event that was settled by hand; who and why stays with it.

    `stays_unequal` of the answer says what Stripe moved and the wallet has not.
    """
    if not reason.strip():
        raise BadRequest("Say why: --reason '...'")
    event = await sql_dead_letters.dismiss_event(
        shop.database, event_id=event_id, dismissed_by=who, reason=reason.strip()
    )
    shop.bell.ring()
    return event
