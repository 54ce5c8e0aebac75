"""Routes of payments, their refunds and their invoices."""

from uuid import UUID

from backend import schemas
from bot.backend_api.transport import BackendTransport


class PaymentRoutes(BackendTransport):
    """Payments: created, read, canceled, refunded, invoiced."""

    async def create_checkout(
        self, user: int, request: schemas.CheckoutRequest, *, idempotency_key: str
    ) -> schemas.Checkout:
        """Create a payment on a page of Stripe's, once for each key."""
        return await self.request(
            user,
            "POST",
            "/api/payments/checkout",
            schemas.Checkout,
            body=request,
            idempotency_key=idempotency_key,
        )

    async def charge_payment_method(
        self, user: int, request: schemas.ChargeRequest, *, idempotency_key: str
    ) -> schemas.Payment:
        """Charge a saved payment method, once for each key."""
        return await self.request(
            user,
            "POST",
            "/api/payments/charge",
            schemas.Payment,
            body=request,
            idempotency_key=idempotency_key,
        )

    async def list_payments(self, user: int, query: schemas.PaymentsQuery) -> schemas.Payments:
        """Return a page of an organization's payments, newest first."""
        return await self.request(user, "GET", "/api/payments", schemas.Payments, query=query)

    async def get_payment(self, user: int, payment_id: UUID) -> schemas.Payment:
        """Return a payment."""
        return await self.request(user, "GET", f"/api/payments/{payment_id}", schemas.Payment)

    async def check_payment(self, user: int, payment_id: UUID) -> schemas.Payment:
        """Refetch a payment from Stripe, and return it."""
        path = f"/api/payments/{payment_id}/check"
        return await self.request(user, "POST", path, schemas.Payment)

    async def cancel_payment(self, user: int, payment_id: UUID) -> schemas.Payment:
        """Expire a payment's page unless it was paid; return the payment afterwards."""
        path = f"/api/payments/{payment_id}/cancel"
        return await self.request(user, "POST", path, schemas.Payment)

    async def create_refund(
        self, user: int, payment_id: UUID, request: schemas.RefundRequest, *, idempotency_key: str
    ) -> schemas.Refund:
        """Refund a payment, once for each key; the money goes back to its payer."""
        return await self.request(
            user,
            "POST",
            f"/api/payments/{payment_id}/refund",
            schemas.Refund,
            body=request,
            idempotency_key=idempotency_key,
        )

    async def list_invoices(self, user: int, query: schemas.InvoicesQuery) -> schemas.Invoices:
        """Return a page of paid payments, newest first, with Stripe's invoices and receipts."""
        path = "/api/payments/invoices"
        return await self.request(user, "GET", path, schemas.Invoices, query=query)

    async def find_payments(
        self, user: int, search: schemas.PaymentSearch
    ) -> schemas.MatchingPayments:
        """Return a page of what a text can mean of an organization's payments, newest first."""
        path = "/api/payments/search"
        return await self.request(user, "GET", path, schemas.MatchingPayments, query=search)

    async def get_timeline(self, user: int, payment_id: UUID) -> schemas.Timeline:
        """Return what happened to a payment, and what it waits for."""
        path = f"/api/payments/{payment_id}/timeline"
        return await self.request(user, "GET", path, schemas.Timeline)

    async def get_receipt(self, user: int, payment_id: UUID) -> schemas.Receipt:
        """Return Stripe's receipt or invoice of a payment, and what paid it."""
        path = f"/api/payments/{payment_id}/receipt"
        return await self.request(user, "GET", path, schemas.Receipt)
