"""Routes of payments: checkout, intents, charges of saved cards, refunds; Stripe's webhook."""

from aiohttp import web

from backend import errors, failures
from backend.http.requests import SERVICES
from backend.http.route import ORDER, REFUND, STRIPE, Route, route
from backend.payments import charges, checkout, checks, intents, refunds, search, service, timeline
from backend.schemas import (
    ChargeRequest,
    Checkout,
    CheckoutRequest,
    Intent,
    MatchingPayments,
    Payment,
    PaymentRequest,
    Payments,
    PaymentSearch,
    PaymentsQuery,
    Receipt,
    Refund,
    RefundRequest,
    Timeline,
)
from backend.stripe import webhooks
from backend.wallets import history

# Both names are in use by clients.
INTENT_PATHS = ("/api/payments/create-intent", "/api/payments/payment-intents")

PAYMENTS: list[Route] = [
    route(
        "POST",
        "/api/payments/checkout",
        lambda call: checkout.create_checkout(
            call.services, call.actor, call.body, call.idempotency_key
        ),
        "Create a payment, and the page to pay on.",
        request_model=CheckoutRequest,
        response_model=Checkout,
        status=201,
        role="admin",
        key="optional",
        raises=ORDER,
        rate_limited=True,
    ),
    *(
        route(
            "POST",
            path,
            lambda call: intents.create_intent(
                call.services, call.actor, call.body, call.idempotency_key
            ),
            "Create a payment that a page of yours confirms with Stripe's Elements.",
            request_model=PaymentRequest,
            response_model=Intent,
            status=201,
            role="admin",
            key="optional",
            raises=ORDER,
            rate_limited=True,
        )
        for path in INTENT_PATHS
    ),
    route(
        "POST",
        "/api/payments/charge",
        lambda call: charges.charge_payment_method(
            call.services, call.actor, call.body, call.required_idempotency_key
        ),
        "Charge a saved card; with 3-D Secure the answer has the `url` to authenticate on.",
        request_model=ChargeRequest,
        response_model=Payment,
        status=201,
        role="admin",
        key="required",
        raises=(
            *ORDER,
            errors.ReferenceUsed,
            failures.ChargeUnclear,
        ),
        rate_limited=True,
    ),
    route(
        "GET",
        "/api/payments",
        lambda call: history.list_payments(call.database, call.actor, call.body),
        "List an organization's payments.",
        request_model=PaymentsQuery,
        response_model=Payments,
        role="member",
        raises=(errors.BadCursor,),
    ),
    route(
        "GET",
        "/api/payments/search",
        lambda call: search.find_payments(call.services, call.actor, call.body),
        "Find an organization's payments; members find those that they began.",
        request_model=PaymentSearch,
        response_model=MatchingPayments,
        role="member",
        raises=(errors.BadCursor,),
        rate_limited=True,
    ),
    route(
        "GET",
        "/api/payments/{id}/timeline",
        lambda call: timeline.get_timeline(call.services, call.actor, call.id()),
        "Read what happened to a payment, and what it waits for; also for who began it.",
        response_model=Timeline,
        role="admin",
    ),
    route(
        "GET",
        "/api/payments/{id}/receipt",
        lambda call: timeline.get_receipt(call.services, call.actor, call.id()),
        "Fetch Stripe's receipt or invoice of a payment; also for who began it.",
        response_model=Receipt,
        role="admin",
        raises=STRIPE,
        rate_limited=True,
    ),
    route(
        "GET",
        "/api/payments/{id}",
        lambda call: service.get_payment(call.services, call.actor, call.id()),
        "Read a payment.",
        response_model=Payment,
        role="member",
    ),
    route(
        "POST",
        "/api/payments/{id}/check",
        lambda call: checks.check_payment(call.services, call.actor, call.id()),
        "Read a payment after asking Stripe, every three seconds at most.",
        response_model=Payment,
        role="member",
        raises=STRIPE,
        rate_limited=True,
    ),
    route(
        "POST",
        "/api/payments/{id}/cancel",
        lambda call: service.cancel_payment(call.services, call.actor, call.id()),
        "Cancel a payment at Stripe; `succeeded` is the answer where the payer was faster.",
        response_model=Payment,
        role="admin",
        raises=(
            errors.PaymentClosed,
            *STRIPE,
        ),
        rate_limited=True,
    ),
    route(
        "POST",
        "/api/payments/{id}/refund",
        lambda call: refunds.create_refund(
            call.services, call.actor, call.id(), call.body, call.required_idempotency_key
        ),
        "Refund a payment, all that is left of it or a part.",
        request_model=RefundRequest,
        response_model=Refund,
        status=201,
        role="admin",
        key="required",
        raises=REFUND,
        rate_limited=True,
    ),
]


async def receive_stripe_event(request: web.Request) -> web.Response:
    """Answer Stripe's webhook: 200 {"state"} once the event is recorded.

    Anything else makes Stripe send it again, for up to three days in live mode: 400 where the
    signature or the shape is wrong, 5xx where we failed. https://docs.stripe.com/webhooks
    """
    raw = await request.read()
    state = await webhooks.receive_event(
        request.app[SERVICES], raw, request.headers.get("Stripe-Signature")
    )
    return web.json_response({"state": state})


STRIPE_WEBHOOK = web.post("/api/payments/webhook", receive_stripe_event)
