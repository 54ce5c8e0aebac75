"""Dead letters: events that could not be applied, and their ways out.

`retry` applies one as Stripe tells it now. `accept` credits what Stripe received and takes back
what it took, whatever had been asked for; `adopt` does so for a payment that this database does not
have.
`dismiss` moves nothing, and says what stays unequal.
"""

from uuid import UUID

from backend.database.functions.dead_letters import (
    AcceptedEvent,
    DismissedEvent,
    EventRow,
    FoundAtStripe,
    IntentFound,
    accept_event,
    dismiss_event,
    get_event,
    list_events,
    retry_event,
)
from backend.database.functions.stripe_events import EventResult, EventState
from backend.errors import BadRequest, PursebotError
from backend.payments.checkout import STRIPE_DECIDES, look
from backend.payments.refunds import refund_fact
from backend.schemas import Json
from backend.shop import Shop
from backend.stripe.events import StripeEvent
from backend.stripe.parsers.disputes import refetched_dispute_fact
from backend.stripe.parsers.payments import found_fact
from backend.stripe.parsers.subscriptions import invoice_fact
from backend.stripe.refetch import refetched_fact
from backend.stripe.webhooks import decide, unanswered

CHECK = "check:"  # an answer to a question of our own, see topups.receive_check


async def listing(shop: Shop, everything: bool) -> list[EventRow]:
    """Failed events and dead letters, newest first; with `everything` the last of all states."""
    states: list[EventState] = ["failed", "parked"]
    if everything:
        states += ["done", "ignored"]
    return await list_events(shop.database, states=states, most=100)


async def show(shop: Shop, event_id: str) -> EventRow:
    """One event with its payment; raises NotFound."""
    return await get_event(shop.database, event_id=event_id)


async def retry(shop: Shop, event_id: str) -> EventResult:
    """Apply an event again as Stripe tells it now; raises NotFound unless it is open."""
    fact = await told_now(shop, await show(shop, event_id))
    result = await retry_event(shop.database, event_id=event_id, fact=fact)
    shop.bell.ring()
    if result.reason == STRIPE_DECIDES and result.fact is not None:
        try:
            result = await decide(shop, result, result.fact)
        except PursebotError as failure:
            await unanswered(shop, event_id, failure)
            raise
    return result


async def told_now(shop: Shop, event: EventRow) -> Json:
    """The fact of an event as Stripe tells it now."""
    fact = event.fact
    if not event.id.startswith(CHECK):
        source = await shop.stripe.get_event(event.id)
        return StripeEvent.model_validate(source).fact()
    if fact["about"] == "payment" and event.payment is not None:
        return found_fact(await look(shop, event.payment), event.payment)
    if fact["about"] == "invoice":
        return invoice_fact(await shop.stripe.get_invoice(fact["invoice_id"]), "paid")
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
    result = await accept_event(
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
    fact = event.fact
    if fact["about"] == "invoice":
        invoice_id = fact.get("invoice_id") or fact["object_id"]
        fact = invoice_fact(await shop.stripe.get_invoice(invoice_id), "paid")
    elif fact["outcome"] == "refetch" or fact["about"] == "payment":
        fact = await refetched_fact(shop, fact, event.payment.id if event.payment else None)
    ids = fact["intents"] if fact["about"] == "invoice" else [fact.get("intent_id")]
    found = FoundAtStripe(
        customer_id=None,
        session_id=None,
        invoice_id=fact.get("invoice_id"),
        intents=[],
        refunds=[],
        disputes=[],
    )
    for intent_id in filter(None, ids):
        await add_intent(shop, found, intent_id)
    if fact["about"] == "invoice":
        spread_tax(found["intents"], fact["tax_minor"])
    return found


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
        found["session_id"] = session["id"]
        tax_minor = (session.get("total_details") or {}).get("amount_tax") or 0
    found["customer_id"] = found["customer_id"] or intent.get("customer")
    found["intents"].append(
        {
            "intent_id": intent_id,
            "received_minor": intent["amount_received"],
            "tax_minor": tax_minor,
            "currency": intent["currency"],
            "paid_method_id": intent.get("payment_method"),
        }
    )
    found["refunds"] += [refund_fact(each) for each in await shop.stripe.refunds_of(intent_id)]
    for dispute in await shop.stripe.disputes_of(intent_id):
        charge = await shop.stripe.get_charge(dispute["charge"])
        found["disputes"].append(refetched_dispute_fact(dispute, charge, None))


async def dismiss(shop: Shop, event_id: str, who: str, reason: str) -> DismissedEvent:
    """Close an event that was settled by hand; who and why stays with it.

    `stays_unequal` of the answer says what Stripe moved and the wallet has not.
    """
    if not reason.strip():
        raise BadRequest("Say why: --reason '...'")
    event = await dismiss_event(
        shop.database, event_id=event_id, dismissed_by=who, reason=reason.strip()
    )
    shop.bell.ring()
    return event
