"""Routes of subscriptions, which the chat calls recurring top-ups."""

from typing import Final
from uuid import UUID

from backend import schemas
from bot.backend_api.transport import BackendTransport

SUBSCRIPTIONS: Final = "/api/payments/subscriptions"


class SubscriptionRoutes(BackendTransport):
    """Subscriptions and packages: listed, started, changed, canceled."""

    async def list_packages(self, user: int) -> schemas.Packages:
        """Return the packages: the subscriptions that the operator offers by name."""
        return await self.request(user, "GET", "/api/payments/packages", schemas.Packages)

    async def list_subscriptions(self, user: int, organization_id: UUID) -> schemas.Subscriptions:
        """Return an organization's subscriptions that have not ended, newest first."""
        query = schemas.WhichOrganization(organization_id=organization_id)
        return await self.request(user, "GET", SUBSCRIPTIONS, schemas.Subscriptions, query=query)

    async def create_subscription(
        self, user: int, request: schemas.SubscriptionRequest, *, idempotency_key: str
    ) -> schemas.Subscription:
        """Start a subscription, with a saved payment method or on a page, once for each key."""
        return await self.request(
            user,
            "POST",
            SUBSCRIPTIONS,
            schemas.Subscription,
            body=request,
            idempotency_key=idempotency_key,
        )

    async def get_subscription(self, user: int, subscription_id: UUID) -> schemas.Subscription:
        """Return a subscription."""
        path = f"{SUBSCRIPTIONS}/{subscription_id}"
        return await self.request(user, "GET", path, schemas.Subscription)

    async def check_subscription(self, user: int, subscription_id: UUID) -> schemas.Subscription:
        """Refetch a subscription from Stripe, and return it."""
        path = f"{SUBSCRIPTIONS}/{subscription_id}/check"
        return await self.request(user, "POST", path, schemas.Subscription)

    async def change_subscription(
        self, user: int, subscription_id: UUID, change: schemas.SubscriptionChange
    ) -> schemas.Subscription:
        """Change a subscription: its amount from the next renewal on, a pause, its end."""
        path = f"{SUBSCRIPTIONS}/{subscription_id}"
        return await self.request(user, "PATCH", path, schemas.Subscription, body=change)

    async def cancel_subscription(self, user: int, subscription_id: UUID) -> schemas.Subscription:
        """Cancel a subscription."""
        path = f"{SUBSCRIPTIONS}/{subscription_id}"
        return await self.request(user, "DELETE", path, schemas.Subscription)
