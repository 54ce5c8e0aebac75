"""Payments, as people see and start them."""

from aiohttp import web

from backend import history, topups
from backend.auth import acting_user
from backend.errors import BadRequest
from backend.routes.door import SHOP, body, path_id, query, said
from backend.schemas import CheckoutRequest, PaymentsQuery

LONGEST_KEY = 255


async def checkout(request: web.Request) -> web.Response:
    """POST /api/payments/checkout: CheckoutRequest -> 201 Checkout."""
    actor = acting_user(request)
    key = request.headers.get("Idempotency-Key")
    if key is not None and not (1 <= len(key) <= LONGEST_KEY and key.isascii()):
        raise BadRequest(f"The Idempotency-Key takes 1 to {LONGEST_KEY} ASCII characters.")
    wanted = await body(request, CheckoutRequest)
    return said(await topups.start(request.app[SHOP], actor, wanted, key), status=201)


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
