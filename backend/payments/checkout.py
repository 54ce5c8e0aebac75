"""Top-ups: make a payment, open its page at Stripe, look how far it is, cancel it."""

from collections.abc import Awaitable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import structlog

from backend.database.protocol import SERVICE, Actor
from backend.errors import PaymentClosed
from backend.failures import EventNotApplied, StripeRefused, StripeUnavailable
from backend.payment_methods import customers
from backend.schemas import (
    Checkout,
    CheckoutRequest,
    Json,
    Payment,
    PaymentRequest,
    SubscriptionRequest,
)
from backend.shop import Shop
from backend.stripe.errors import MISSING, about_customer
from backend.stripe.parsers.payments import banks_page, found_fact, waits
from backend.wallets import money

log = structlog.get_logger(__name__)

# Stripe opens no page that closes within 30 minutes; a minute more for the request itself.
# https://docs.stripe.com/api/checkout/sessions/create#create_checkout_session-expires_at
SHORTEST_PAGE = timedelta(minutes=31)
# An intent's amount may carry tax or another currency; where there is a session, it decides.
STRIPE_DECIDES = "stripe_decides"


async def start(shop: Shop, actor: Actor, request: CheckoutRequest, key: str | None) -> Checkout:
    """A payment, and the link to pay on.

    The row first, then Stripe; the same `key` finds the same payment again. Raises AmountRefused,
    NotFound, RoleTooLow, IdempotencyKeyReused, PaymentClosed, and StripeUnavailable or
    StripeRefused, after which the same call may be tried again.
    """
    await customers.ready(shop, actor, request.organization_id)
    payment = await make(shop, actor, request, idempotency_key=key, **request.where)
    if payment["status"] == "created":
        payment = await open_page(shop, payment)
    if payment["url"] is None:
        raise PaymentClosed(status=payment["status"])
    return Checkout(payment_id=payment["id"], url=payment["url"], expires_at=payment["expires_at"])


async def make(shop: Shop, actor: Actor, request: PaymentRequest, **more: Any) -> Json:
    """The payment's row, as Stripe will be asked for it."""
    wanted = {"organization_id": request.organization_id, **await priced(shop, actor, request)}
    made = await shop.database.call("create_payment", actor, **wanted, **more)
    payment: Json = await shop.database.call("start_payment", SERVICE, payment_id=made["id"])
    return payment


async def priced(shop: Shop, actor: Actor, request: PaymentRequest | SubscriptionRequest) -> Json:
    """`{amount, currency}` in minor units; where none is named, the organization's currency."""
    code = request.currency
    if code is None:
        which = {"organization_id": request.organization_id}
        organization = await shop.database.call("get_organization", actor, **which)
        code = str(organization["default_currency"])
    return {"amount": money.minor_units(request.amount, code.lower()), "currency": code.lower()}


async def open_page(shop: Shop, payment: Json) -> Json:
    """Ask Stripe for the payment's page and write it down."""
    if late(payment, SHORTEST_PAGE):
        raise PaymentClosed(status="expired")
    try:
        session = await made_by_stripe(shop, payment, shop.stripe.create_checkout(payment))
    except StripeRefused as refused:
        # Somebody deleted the customer at Stripe, and the page opens without it; or the product.
        gone = customer_gone(refused) and payment["stripe_customer_id"] is not None
        if not (gone or await shop.stripe.mend_product(None, refused)):
            raise
        payment = await shop.database.call("start_payment", SERVICE, payment_id=payment["id"])
        session = await made_by_stripe(shop, payment, shop.stripe.create_checkout(payment))
    return await opened(shop, payment["id"], session_id=session["id"], url=session["url"])


async def made_by_stripe(shop: Shop, payment: Json, asked: Awaitable[Json]) -> Json:
    """What Stripe made for the payment; a refusal is remembered there, so the next try differs."""
    try:
        return await asked
    except StripeRefused as refused:
        log.error("stripe_refused", payment=payment["id"], **refused.facts)
        await shop.database.call(
            "next_attempt",
            SERVICE,
            payment_id=payment["id"],
            attempt=payment["attempt"],
            without_customer=customer_gone(refused),
        )
        raise


def customer_gone(refused: StripeRefused) -> bool:
    """Whether Stripe does not know the customer, rather than something else of the request."""
    return refused.facts["stripe_code"] == MISSING and about_customer(refused.details)


async def opened(shop: Shop, payment_id: str, **at_stripe: str | None) -> Json:
    """Write down what Stripe made; the payment as it stands then."""
    payment: Json = await shop.database.call(
        "open_payment", SERVICE, payment_id=payment_id, **at_stripe
    )
    shop.bell.ring()
    if payment["status"] == "canceled":  # canceled while Stripe was making it
        await close(shop, payment)
    return payment


async def show(shop: Shop, actor: Actor, payment_id: UUID) -> Payment:
    """A payment as it stands. Raises NotFound."""
    row = await shop.database.call("get_payment", actor, payment_id=payment_id)
    return Payment(**row)


async def show_checked(shop: Shop, actor: Actor, payment_id: UUID) -> Payment:
    """A payment as it stands at Stripe, which is asked every three seconds at most.

    Raises NotFound, StripeUnavailable, StripeRefused.
    """
    await show(shop, actor, payment_id)  # who may not see it may not ask either
    await check(shop, payment_id)
    return await show(shop, actor, payment_id)


async def check(shop: Shop, payment_id: UUID | str) -> bool:
    """Ask Stripe about a payment, at most every three seconds; whether it was asked now."""
    payment: Json = await shop.database.call("start_check", SERVICE, payment_id=payment_id)
    if payment["due"]:
        await ask(shop, payment_id)
    return bool(payment["due"])


async def ask(shop: Shop, payment_id: UUID | str) -> None:
    """Ask Stripe how far a payment is, and settle what it says. Nothing is changed at Stripe."""
    payment: Json = await shop.database.call("start_payment", SERVICE, payment_id=payment_id)
    if (payment["status"], payment["flow"]) == ("created", "charge"):
        await find_charge(shop, payment)
    else:
        await settle(shop, payment, await look(shop, payment))


async def reconcile(shop: Shop, payment: Json) -> None:
    """As `ask`, and close what may not be paid any more: it is late, or revoked."""
    found = await look(shop, payment)
    on_page = payment["flow"] == "checkout"
    # A page closes by itself when its time is up; an intent does not.
    ends = payment["revoked"] or (late(payment) and not on_page)
    if ends and (found["status"] == "open" if on_page else waits(found)):
        found = await close(shop, payment)
    await settle(shop, payment, found)


async def find_charge(shop: Shop, payment: Json) -> bool:
    """Whether Stripe has the intent of a charge whose answer was lost; settles it, if so.

    Raises StripeUnavailable where Stripe does not say: nobody knows.
    """
    if payment["sent_at"] is None:  # Stripe was never asked for it
        return False
    try:
        intent = await shop.stripe.find_intent(payment)
    except StripeRefused as refused:
        raise StripeUnavailable from refused
    if intent is None:
        return False
    await charged(shop, payment, intent)
    return True


async def charged(shop: Shop, payment: Json, intent: Json) -> None:
    """What became of the charge of a saved card; the bank may want to hear from the payer."""
    if intent["status"] == "requires_action":
        await opened(shop, payment["id"], intent_id=intent["id"], url=banks_page(intent))
    await settle(shop, payment, intent)


def late(row: Json, by: timedelta = timedelta(0)) -> bool:
    """Whether the time of a payment or a subscription is up, or will be within `by`."""
    return datetime.fromisoformat(row["expires_at"]) - datetime.now(UTC) <= by


async def cancel(shop: Shop, actor: Actor, payment_id: UUID) -> Payment:
    """Cancel a payment at Stripe; `succeeded` is the answer where the payer was faster.

    Raises PaymentClosed, also where Stripe is charging the card at this moment; it is not asked to
    charge it again then. StripeUnavailable: the same, and the reconciler finds out.
    """
    await shop.database.call("request_cancel", actor, payment_id=payment_id)
    payment: Json = await shop.database.call("start_payment", SERVICE, payment_id=payment_id)
    shop.bell.ring()
    if payment["status"] == "created":  # a charge whose answer was lost
        if not await find_charge(shop, payment):
            await shop.database.call("claim_charge", SERVICE, payment_id=payment_id)
        payment = await shop.database.call("start_payment", SERVICE, payment_id=payment_id)
        shop.bell.ring()
    if payment["status"] == "created":
        raise PaymentClosed(status="created")
    if payment["status"] == "pending":
        await settle(shop, payment, await close(shop, payment))
    return await show(shop, actor, payment_id)


async def look(shop: Shop, payment: Json) -> Json:
    """The session or the intent that was opened for a payment, as it stands."""
    if payment["flow"] == "checkout":
        return await shop.stripe.get_session(payment["stripe_checkout_session_id"])
    if payment["flow"] == "invoice":
        return await shop.stripe.get_invoice(payment["stripe_invoice_id"])
    return await shop.stripe.get_intent(payment["stripe_payment_intent_id"])


async def close(shop: Shop, payment: Json) -> Json:
    """Nobody can pay any more; what is not open any more is answered as it stands."""
    try:
        if payment["flow"] == "checkout":
            return await shop.stripe.expire_session(payment["stripe_checkout_session_id"])
        return await shop.stripe.cancel_intent(payment["stripe_payment_intent_id"])
    except StripeRefused:
        return await look(shop, payment)


async def settle(shop: Shop, payment: Json, found: Json) -> None:
    """What Stripe answered takes the same way as what it posts: one inbox, one effect.

    Whoever asked goes on with what there is where it could not be applied: the reconciler asks too.
    """
    fact = found_fact(found, payment)
    if fact["outcome"] is None:
        return
    with suppress(EventNotApplied):
        name = f"{payment['id']}:{fact['outcome']}"
        await receive_check(shop, name, found["livemode"], fact)


async def receive_check(shop: Shop, name: str, livemode: bool, fact: Json) -> None:
    """An answer of Stripe's as an event of ours; the same `name` is the same answer.

    Raises EventNotApplied where it is recorded and could not be applied yet.
    """
    event = {
        "id": f"check:{name}",
        "type": "check",
        "livemode": livemode,
        "created": int(datetime.now(UTC).timestamp()),
        "fact": fact,
    }
    results: list[Json] = await shop.database.call("receive_events", SERVICE, events=[event])
    shop.bell.ring()
    if results[0]["state"] in ("failed", "parked") and not results[0]["repeat"]:
        log.error("stripe_check", **results[0])
    if results[0]["state"] == "failed":
        raise EventNotApplied
