"""Where Stripe sends events: webhook endpoints, and event destinations of API v2."""

from backend.stripe.parsers.documented import Documented, Identified


class WebhookEndpoint(Identified):
    """A webhook endpoint; without `api_version` it has the account's default version.

    https://docs.stripe.com/api/webhook_endpoints/object
    """

    url: str
    status: str
    api_version: str | None
    enabled_events: list[str]


class DestinationAddress(Documented):
    """The address of a destination, if Stripe was asked to include it."""

    url: str | None = None


class EventDestination(Identified):
    """An event destination: https://docs.stripe.com/api/v2/core/event_destinations/object."""

    event_payload: str
    webhook_endpoint: DestinationAddress | None = None

    @property
    def url(self) -> str | None:
        """The address that it posts to, if it posts and Stripe was asked to include it."""
        return self.webhook_endpoint.url if self.webhook_endpoint else None


class EventDestinations(Documented):
    """A page of event destinations."""

    data: list[EventDestination]
