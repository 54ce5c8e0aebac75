"""What we ask Stripe about our account and its settings: a part of the gateway.

Nothing here changes anything at Stripe. Errors as in `client`.
"""

import time
from email.utils import parsedate_to_datetime
from typing import Any

from backend.failures import StripeRefused, StripeUnavailable
from backend.stripe.answers import list_all, result_of, send
from backend.stripe.errors import is_key_error
from backend.stripe.parsers.documented import Identified
from backend.stripe.parsers.webhook_endpoints import EventDestinations, WebhookEndpoint
from backend.stripe.permissions import Permission


class StripeAccount:
    """Whose account it is, what its key may do, where its events go, what time it is there."""

    _client: Any  # a StripeClient
    _stripe: Any  # its v1 services

    async def get_account_id(self) -> str:
        """The account that the key belongs to."""
        return (await result_of(Identified, self._stripe.accounts.retrieve_current_async())).id

    async def list_webhook_endpoints(self) -> list[WebhookEndpoint]:
        """Where Stripe posts this account's events."""
        return await list_all(
            WebhookEndpoint, self._stripe.webhook_endpoints.list_async({"limit": 100})
        )

    async def has_permission(self, permission: Permission) -> bool:
        """Whether our key has this permission. Changes nothing; raises StripeUnavailable."""
        method, path = permission.probe.split()
        request = self._client.raw_request_async(method.lower(), path, **permission.sent)
        try:
            await send(request, quiet=True)
        except StripeRefused as refused:
            return not is_key_error(refused.__cause__)
        return True

    async def portal_is_set_up(self) -> bool:
        """Whether somebody has saved the customer portal's settings."""
        parameters = {"active": True, "is_default": True, "limit": 1}
        request = self._stripe.billing_portal.configurations.list_async(parameters)
        return bool(await list_all(Identified, request))

    async def list_thin_destinations(self, url: str) -> list[str]:
        """The ids of the destinations at this address that send events without their objects.

        None of them where the key may not list destinations.
        """
        parameters = {"include": ["webhook_endpoint.url"]}
        request = self._client.v2.core.event_destinations.list_async(parameters)
        try:
            destinations = (await result_of(EventDestinations, request)).data
        except (StripeRefused, StripeUnavailable):
            return []
        return [
            each.id for each in destinations if each.event_payload == "thin" and each.url == url
        ]

    async def clock_offset(self) -> float:
        """By how many seconds Stripe's clock, as its answers are dated, is ahead of ours."""
        page = await send(self._stripe.events.list_async({"limit": 1}))
        headers = page.last_response.headers if page.last_response else {}
        return parsedate_to_datetime(headers["Date"]).timestamp() - time.time()
