"""Top-ups: make a payment, open its page at Stripe, look how far it is, cancel it."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import structlog

from backend import money, presentation
from backend.database import SERVICE, Actor, Database
from backend.errors import PaymentClosed, StripeRefused
from backend.metrics import Metrics
from backend.outbox import Bell
from backend.schemas import Checkout, CheckoutRequest, Payment
from backend.stripe_facts import session_fact
from backend.stripe_gateway import StripeGateway

Json = dict[str, Any]

log = structlog.get_logger(__name__)

# Stripe opens no page that closes within 30 minutes; a minute more for the request itself.
# https://docs.stripe.com/api/checkout/sessions/create#create_checkout_session-expires_at
SHORTEST_PAGE = timedelta(minutes=31)
# An intent's amount may carry tax or another currency; where there is a session, it decides.
SESSION_DECIDES = "session_decides"


@dataclass(frozen=True)
class Shop:
    """What a use case needs: the database, Stripe, the bell for the outbox, what is counted."""

    database: Database
    stripe: StripeGateway
    bell: Bell = field(default_factory=Bell)
    metrics: Metrics = field(default_factory=Metrics)


async def start(shop: Shop, actor: Actor, request: CheckoutRequest, key: str | None) -> Checkout:
    """A link to pay on. The row first, then Stripe; the same `key` finds the same payment again.

    Raises AmountRefused, NotFound, RoleTooLow, IdempotencyKeyReused, PaymentClosed, and
    StripeUnavailable or StripeRefused, after which the same call may be tried again.
    """
    shown = request.shown_in
    currency = request.currency.lower()
    made = await shop.database.call(
        "create_payment",
        actor,
        organization_id=request.organization_id,
        amount=money.minor_units(request.amount, currency),
        currency=currency,
        idempotency_key=key,
        telegram_chat_id=shown and shown.chat_id,
        message_id=shown and shown.message_id,
    )
    payment: Json = await shop.database.call("start_payment", SERVICE, payment_id=made["id"])
    if payment["status"] == "created":
        payment = await open_page(shop, payment)
    if payment["url"] is None:
        raise PaymentClosed(status=payment["status"])
    return Checkout(payment_id=payment["id"], url=payment["url"], expires_at=payment["expires_at"])


async def open_page(shop: Shop, payment: Json) -> Json:
    """Ask Stripe for the payment's page and write it down."""
    if datetime.fromisoformat(payment["expires_at"]) - datetime.now(UTC) < SHORTEST_PAGE:
        raise PaymentClosed(status="expired")
    try:
        session = await shop.stripe.create_checkout(payment)
    except StripeRefused as refused:
        log.error("stripe_refused", payment=payment["id"], **refused.facts)
        await shop.database.call(
            "next_attempt", SERVICE, payment_id=payment["id"], attempt=payment["attempt"]
        )
        raise
    opened: Json = await shop.database.call(
        "open_payment",
        SERVICE,
        payment_id=payment["id"],
        session_id=session["id"],
        url=session["url"],
    )
    shop.bell.ring()
    if opened["status"] == "canceled":  # canceled while Stripe was making the page
        await close_page(shop, session["id"])
    return opened


async def show(shop: Shop, actor: Actor, payment_id: UUID) -> Payment:
    """A payment as the actor may see it; raises NotFound."""
    row = await shop.database.call("get_payment", actor, payment_id=payment_id)
    return presentation.payment(row)


async def check(shop: Shop, payment_id: UUID | str) -> bool:
    """Ask Stripe about a payment, at most every three seconds; whether it was asked now."""
    payment: Json = await shop.database.call("start_check", SERVICE, payment_id=payment_id)
    if payment["due"]:
        await ask(shop, payment_id)
    return bool(payment["due"])


async def ask(shop: Shop, payment_id: UUID | str) -> None:
    """Ask Stripe how far a payment is, and settle what it says."""
    payment: Json = await shop.database.call("start_payment", SERVICE, payment_id=payment_id)
    session = await shop.stripe.get_session(payment["stripe_checkout_session_id"])
    await settle(shop, payment["id"], session)


async def cancel(shop: Shop, actor: Actor, payment_id: UUID) -> Payment:
    """Close the page at Stripe. If the payer was faster, the answer says so."""
    await shop.database.call("request_cancel", actor, payment_id=payment_id)
    payment: Json = await shop.database.call("start_payment", SERVICE, payment_id=payment_id)
    shop.bell.ring()
    if payment["status"] == "pending":
        session = await close_page(shop, payment["stripe_checkout_session_id"])
        await settle(shop, payment["id"], session)
    return await show(shop, actor, payment_id)


async def close_page(shop: Shop, session_id: str) -> Json:
    """Expire a session; one that is not open any more is answered as it stands."""
    try:
        return await shop.stripe.expire_session(session_id)
    except StripeRefused:
        return await shop.stripe.get_session(session_id)


async def settle(shop: Shop, payment_id: str, session: Json) -> None:
    """What Stripe answered takes the same way as what it posts: one inbox, one effect."""
    fact = session_fact(session)
    if fact["outcome"] is None:
        return
    event = {
        "id": f"check:{payment_id}:{fact['outcome']}",
        "type": "check",
        "livemode": session["livemode"],
        "created": int(datetime.now(UTC).timestamp()),
        "fact": fact,
    }
    results: list[Json] = await shop.database.call("receive_events", SERVICE, events=[event])
    shop.bell.ring()
    if results[0]["state"] in ("failed", "parked") and not results[0]["repeat"]:
        log.error("stripe_check", **results[0])
