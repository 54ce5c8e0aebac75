"""Payments, as people see and start them."""

from aiohttp import web

from backend import customers, history, intents, topups
from backend.auth import acting_user
from backend.routes.door import SHOP, body, idempotency_key, path_id, query, said
from backend.schemas import CheckoutRequest, CustomerRequest, PaymentRequest, PaymentsQuery


async def checkout(request: web.Request) -> web.Response:
    """POST /api/payments/checkout: CheckoutRequest -> 201 Checkout."""
    actor, key = acting_user(request), idempotency_key(request)
    wanted = await body(request, CheckoutRequest)
    return said(await topups.start(request.app[SHOP], actor, wanted, key), status=201)


async def create_intent(request: web.Request) -> web.Response:
    """POST /api/payments/create-intent, and its alias payment-intents: PaymentRequest -> Intent."""
    actor, key = acting_user(request), idempotency_key(request)
    wanted = await body(request, PaymentRequest)
    return said(await intents.start(request.app[SHOP], actor, wanted, key), status=201)


async def customer(request: web.Request) -> web.Response:
    """POST /api/customers: CustomerRequest -> Customer."""
    actor = acting_user(request)
    wanted = await body(request, CustomerRequest)
    return said(await customers.customer(request.app[SHOP], actor, wanted.organization_id))


async def index(request: web.Request) -> web.Response:
    """GET /api/payments: PaymentsQuery -> Payments."""
    actor, asked = acting_user(request), query(request, PaymentsQuery)
    return said(await history.payments(request.app[SHOP].database, actor, asked))


async def show(request: web.Request) -> web.Response:
    """GET /api/payments/{id} -> Payment."""
    return said(await topups.show(request.app[SHOP], acting_user(request), path_id(request)))


async def check(request: web.Request) -> web.Response:
    """POST /api/payments/{id}/check -> Payment, after asking Stripe (at most every 3 s)."""
    shop, actor, payment = request.app[SHOP], acting_user(request), path_id(request)
    await topups.show(shop, actor, payment)  # who may not see it may not ask either
    await topups.check(shop, payment)
    return said(await topups.show(shop, actor, payment))


async def cancel(request: web.Request) -> web.Response:
    """POST /api/payments/{id}/cancel -> Payment; `succeeded` where the payer was faster."""
    return said(await topups.cancel(request.app[SHOP], acting_user(request), path_id(request)))
