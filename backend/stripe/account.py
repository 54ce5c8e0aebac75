"""Requests about our account at Stripe and its settings, for `doctor` and the start.

They change nothing at Stripe.
"""

import time
from email.utils import parsedate_to_datetime

from backend.failures import StripeRefused, StripeUnavailable
from backend.stripe.answers import list_all, result_of, send
from backend.stripe.connection import StripeConnection
from backend.stripe.errors import is_key_error
from backend.stripe.parsers.documented import Identified
from backend.stripe.parsers.payment_methods import PortalSettings
from backend.stripe.parsers.webhook_endpoints import EventDestinations, WebhookEndpoint
from backend.stripe.permissions import Permission


class StripeAccount(StripeConnection):
    """Requests about the account, its key's permissions, its event destinations, its clock."""

    async def get_account_id(self) -> str:
        """Fetch the id of the account that the key belongs to; a key may lack that permission."""
        request = self._stripe.accounts.retrieve_current_async()
        return (await result_of(Identified, request, quiet=True)).id

    async def list_webhook_endpoints(self) -> list[WebhookEndpoint]:
        """List the webhook endpoints of the account."""
        return await list_all(
            WebhookEndpoint, self._stripe.webhook_endpoints.list_async({"limit": 100})
        )

    async def has_permission(self, permission: Permission) -> bool:
        """Return whether the key has a permission. Raises StripeUnavailable."""
        method, path = permission.probe.split()
        request = self._client.raw_request_async(method.lower(), path, **permission.sent)
        try:
            await send(request, quiet=True)
        except StripeRefused as refused:
            return not is_key_error(refused.__cause__)
        return True

    async def get_portal_settings(self) -> PortalSettings | None:
        """Fetch the customer portal's settings; None where they were never saved."""
        request = self._stripe.billing_portal.configurations.list_async(
            {"active": True, "is_default": True, "limit": 1}
        )
        return next(iter(await list_all(PortalSettings, request)), None)

    async def list_thin_destinations(self, url: str) -> list[str]:
        """List the ids of destinations at `url` that send thin events, which have no object.

        [] where the key may not list destinations. https://docs.stripe.com/event-destinations
        """
        request = self._client.v2.core.event_destinations.list_async(
            {"include": ["webhook_endpoint.url"]}
        )
        try:
            destinations = (await result_of(EventDestinations, request)).data
        except (StripeRefused, StripeUnavailable):
            return []
        return [
            each.id for each in destinations if each.event_payload == "thin" and each.url == url
        ]

    async def clock_offset(self) -> float:
        """Return by how many seconds Stripe's clock (header Date) is ahead of ours."""
        page = await send(self._stripe.events.list_async({"limit": 1}))
        headers = page.last_response.headers if page.last_response else {}
        return parsedate_to_datetime(headers["Date"]).timestamp() - time.time()
