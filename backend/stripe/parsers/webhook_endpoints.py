"""Where Stripe posts events: webhook endpoints and, of the newer API, event destinations."""

from backend.stripe.parsers.documented import Documented, Identified


class WebhookEndpoint(Identified):
    """https://docs.stripe.com/api/webhook_endpoints/object; no version is the account's default."""

    url: str
    status: str
    api_version: str | None
    enabled_events: list[str]


class DestinationAddress(Documented):
    """The address, where Stripe was asked for it."""

    url: str | None = None


class EventDestination(Identified):
    """https://docs.stripe.com/api/v2/core/event_destinations/object."""

    event_payload: str
    webhook_endpoint: DestinationAddress | None = None

    @property
    def url(self) -> str | None:
        """Where it posts to, where it posts and Stripe was asked for it."""
        return self.webhook_endpoint.url if self.webhook_endpoint else None


class EventDestinations(Documented):
    """A page of them."""

    data: list[EventDestination]
