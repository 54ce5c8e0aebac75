"""The way out for events that could not be applied: list, show, retry, dismiss."""

from dataclasses import replace

from backend.database import SERVICE
from backend.errors import BadRequest, PursebotError
from backend.schemas import Json
from backend.shop import Shop
from backend.stripe_billing_facts import invoice_fact
from backend.stripe_facts import found_fact
from backend.topups import STRIPE_DECIDES, look
from backend.webhooks import ASKING, StripeEvent, unanswered

CHECK = "check:"  # an answer to a question of our own, see topups.receive_check


async def listing(shop: Shop, everything: bool) -> list[Json]:
    """Failed and parked events, newest first; with `everything` the last of all states."""
    states = ["failed", "parked"] + (["done", "ignored"] if everything else [])
    events: list[Json] = await shop.database.call("list_events", SERVICE, states=states, most=100)
    return events


async def show(shop: Shop, event_id: str) -> Json:
    """One event with its payment; raises NotFound."""
    event: Json = await shop.database.call("get_event", SERVICE, event_id=event_id)
    return event


async def retry(shop: Shop, event_id: str) -> Json:
    """Apply an event again as Stripe tells it now; raises NotFound unless it is open."""
    if event_id.startswith(CHECK):
        event = await show(shop, event_id)
        payment, fact = event["payment"], event["fact"]
        if fact["about"] == "payment":
            fact = found_fact(await look(shop, payment), payment)
        elif fact["about"] == "invoice":
            fact = invoice_fact(await shop.stripe.get_invoice(fact["invoice_id"]), "paid")
    else:
        source = await shop.stripe.get_event(event_id)
        fact = StripeEvent.model_validate(source).as_received()["fact"]
    result: Json = await shop.database.call("retry_event", SERVICE, event_id=event_id, fact=fact)
    shop.bell.ring()
    if result["reason"] == STRIPE_DECIDES:
        try:
            await ASKING[result["fact"]["about"]](replace(shop, repeated=True), result)
        except PursebotError as failure:
            await unanswered(shop, event_id, failure)
            raise
        await shop.database.call("answered_event", SERVICE, event_id=event_id)
    return result


async def dismiss(shop: Shop, event_id: str, who: str, reason: str) -> Json:
    """Close an event that was settled by hand; who and why stays with it."""
    if not reason.strip():
        raise BadRequest("Say why: --reason '...'")
    event: Json = await shop.database.call(
        "dismiss_event", SERVICE, event_id=event_id, dismissed_by=who, reason=reason.strip()
    )
    shop.bell.ring()
    return event
