"""Routes of an organization's saved payment methods."""

from typing import Final
from uuid import UUID

from backend import schemas
from bot.backend_api.transport import BackendTransport

METHODS: Final = "/api/payments/methods"


class PaymentMethodRoutes(BackendTransport):
    """Payment methods: listed, added, labeled, removed."""

    async def list_payment_methods(
        self, user: int, organization_id: UUID
    ) -> schemas.PaymentMethods:
        """Return an organization's payment methods, the default one first."""
        query = schemas.WhichOrganization(organization_id=organization_id)
        return await self.request(user, "GET", METHODS, schemas.PaymentMethods, query=query)

    async def add_payment_method(
        self, user: int, request: schemas.NewMethod
    ) -> schemas.AddedMethod:
        """Add a payment method, or make a setup link: a page of Stripe's to add one on."""
        return await self.request(user, "POST", METHODS, schemas.AddedMethod, body=request)

    async def check_payment_method_link(self, user: int, link_id: UUID) -> schemas.MethodLink:
        """Refetch a setup link from Stripe, and return it."""
        path = f"{METHODS}/links/{link_id}/check"
        return await self.request(user, "POST", path, schemas.MethodLink)

    async def change_payment_method(
        self, user: int, payment_method_id: UUID, change: schemas.MethodChange
    ) -> schemas.PaymentMethod:
        """Change a payment method's label."""
        path = f"{METHODS}/{payment_method_id}"
        return await self.request(user, "PUT", path, schemas.PaymentMethod, body=change)

    async def set_default_payment_method(
        self, user: int, payment_method_id: UUID
    ) -> schemas.PaymentMethod:
        """Make a payment method the default: the one charged when none is named."""
        path = f"{METHODS}/{payment_method_id}/set-default"
        return await self.request(user, "POST", path, schemas.PaymentMethod)

    async def remove_payment_method(self, user: int, payment_method_id: UUID) -> None:
        """Remove a payment method, here and at Stripe; repeating it changes nothing."""
        await self.send(user, "DELETE", f"{METHODS}/{payment_method_id}")

    async def create_portal_session(self, user: int, organization_id: UUID) -> schemas.Portal:
        """Open Stripe's customer portal: the organization's payment methods and invoices."""
        path = "/api/payments/portal"
        body = schemas.WhichOrganization(organization_id=organization_id)
        return await self.request(user, "POST", path, schemas.Portal, body=body)
