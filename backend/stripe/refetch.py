"""Ask Stripe for the object that an event is about, in our own API version: a fact to believe."""

import asyncio
from collections.abc import Awaitable, Callable
from uuid import UUID

from backend.database.functions.payments import PaymentRow, start_payment
from backend.failures import StripeUnavailable
from backend.payments.refunds import charge_fact, refund_fact
from backend.schemas import Json
from backend.shop import Shop
from backend.stripe.parsers.disputes import refetched_dispute_fact, warning_fact
from backend.stripe.parsers.payment_methods import customer_fact, method_fact, setup_fact
from backend.stripe.parsers.payments import found_fact
from backend.stripe.parsers.subscriptions import invoice_fact, subscription_fact

# How long an event waits for one of the places in which Stripe is asked, before it is left to the
# repeat: a webhook endpoint of another API version has every one of its events asked about.
PATIENCE_SECONDS = 5.0


async def refetched_fact(shop: Shop, fact: Json, payment_id: UUID | None) -> Json:
    """What Stripe says now of the object that `fact` is about.

    `payment_id` is ours, where we know of which payment it is. Raises StripeUnavailable, also where
    too many ask at once, and StripeRefused.
    """
    kind, object_id = object_of(fact)
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            await shop.refetches.acquire()
    except TimeoutError as error:
        raise StripeUnavailable from error
    try:
        found = await FETCH[kind](shop, object_id, fact, payment_id)
    finally:
        shop.refetches.release()
    return {**found, "refetched": True}


def object_of(fact: Json) -> tuple[str, str]:
    """The kind and id of the object that a fact is about."""
    if fact["outcome"] == "refetch":
        return fact["kind"], fact["object_id"]
    if fact["about"] == "payment":
        if fact["source"] == "session":
            return "checkout.session", fact["session_id"]
        return "payment_intent", fact["intent_id"]
    return fact["about"], fact["id"]


async def _session(shop: Shop, id: str, fact: Json, payment_id: UUID | None) -> Json:
    return found_fact(await shop.stripe.get_session(id), await _row(shop, payment_id))


async def _intent(shop: Shop, id: str, fact: Json, payment_id: UUID | None) -> Json:
    """The intent; where our page made it, the page, which knows the tax."""
    row = await _row(shop, payment_id)
    credited = row and row.status == "succeeded" and row.stripe_payment_intent_id == id
    if fact["outcome"] == "paid" and credited:
        return fact  # its page's event was faster
    if row and row.stripe_checkout_session_id:
        session = await shop.stripe.get_session(row.stripe_checkout_session_id)
        if (session["payment_intent"] or {}).get("id") == id:
            return found_fact(session, row)
    return found_fact(await shop.stripe.get_intent(id), row)


async def _row(shop: Shop, payment_id: UUID | None) -> PaymentRow | None:
    return await start_payment(shop.database, payment_id=payment_id) if payment_id else None


async def _refund(shop: Shop, id: str, fact: Json, payment_id: UUID | None) -> Json:
    return refund_fact(await shop.stripe.get_refund(id))


async def _charge(shop: Shop, id: str, fact: Json, payment_id: UUID | None) -> Json:
    return charge_fact(await shop.stripe.get_charge(id))


async def _dispute(shop: Shop, id: str, fact: Json, payment_id: UUID | None) -> Json:
    dispute = await shop.stripe.get_dispute(id)
    charge = await shop.stripe.get_charge(dispute["charge"])
    return refetched_dispute_fact(dispute, charge, fact.get("step"))


async def _warning(shop: Shop, id: str, fact: Json, payment_id: UUID | None) -> Json:
    return warning_fact(await shop.stripe.get_warning(id))


async def _invoice(shop: Shop, id: str, fact: Json, payment_id: UUID | None) -> Json:
    invoice = await shop.stripe.get_invoice(id)
    outcome = {"paid": "paid", "open": "failed"}.get(invoice["status"])
    return invoice_fact(invoice, outcome if invoice["attempted"] else None)


async def _subscription(shop: Shop, id: str, fact: Json, payment_id: UUID | None) -> Json:
    return subscription_fact(await shop.stripe.get_subscription(id))


async def _method(shop: Shop, id: str, fact: Json, payment_id: UUID | None) -> Json:
    return method_fact(await shop.stripe.get_method(id))


async def _setup(shop: Shop, id: str, fact: Json, payment_id: UUID | None) -> Json:
    return setup_fact(await shop.stripe.get_setup_intent(id))


async def _customer(shop: Shop, id: str, fact: Json, payment_id: UUID | None) -> Json:
    return customer_fact({"id": id})  # which one is all that its events say


FETCH: dict[str, Callable[[Shop, str, Json, UUID | None], Awaitable[Json]]] = {
    "checkout.session": _session,
    "payment_intent": _intent,
    "refund": _refund,
    "charge": _charge,
    "dispute": _dispute,
    "radar.early_fraud_warning": _warning,
    "warning": _warning,
    "invoice": _invoice,
    "subscription": _subscription,
    "payment_method": _method,
    "setup_intent": _setup,
    "customer": _customer,
}
