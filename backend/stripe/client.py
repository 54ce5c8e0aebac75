"""The gateway to Stripe: all requests, in a base class per noun; and its events.

Every POST has an idempotency key of ours (`idempotency_keys`). Stripe's errors are raised as
StripeRefused (not done) or StripeUnavailable (the outcome is unknown), its answers are returned as
models of `parsers`.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final, NamedTuple

import aiohttp
import stripe
from stripe.params import EventListParams, EventListParamsCreated

from backend.schemas import Json
from backend.stripe.account import StripeAccount
from backend.stripe.answers import result_of, send
from backend.stripe.checkout import StripeCheckout
from backend.stripe.clawbacks import StripeClawbacks
from backend.stripe.intents import StripeIntents
from backend.stripe.parsers.events import StripeEvent
from backend.stripe.payment_methods import StripePaymentMethods
from backend.stripe.sent_calls import RecordingHttpClient
from backend.stripe.subscriptions import StripeSubscriptions

ONE_TRY: Final = aiohttp.ClientTimeout(total=7, connect=3)  # seconds
MAX_TYPES: Final = 20  # https://docs.stripe.com/api/events/list#list_events-types
API_VERSION: Final[str] = stripe.api_version  # the SDK's


class EventsPage(NamedTuple):
    """A page of Stripe's list of events of these types, newest first; whether older ones follow."""

    types: list[str]
    events: list[Json]
    has_more: bool


class StripeGateway(
    StripeCheckout,
    StripeIntents,
    StripeClawbacks,
    StripePaymentMethods,
    StripeSubscriptions,
    StripeAccount,
):
    """All requests to Stripe."""

    def __init__(
        self,
        client: stripe.StripeClient,
        webhook_secrets: tuple[str, ...],
        public_url: str,
        livemode: bool,
    ) -> None:
        """`webhook_secrets` are those that may sign a webhook; the rest as in StripeConnection."""
        super().__init__(client, public_url, livemode)
        self.webhook_secrets = webhook_secrets

    async def get_event(self, event_id: str) -> StripeEvent:
        """Fetch an event, which Stripe keeps for 30 days."""
        return await result_of(StripeEvent, self._stripe.events.retrieve_async(event_id))

    async def list_events(
        self,
        types: list[str],
        *,
        since: int,
        until: int | None,
        after: str | None,
        max_events: int,
    ) -> EventsPage:
        """List one page of events of these types (MAX_TYPES at most), newest first.

        Of those created from `since` on and before `until` (seconds since 1970), and of these what
        comes in the list after the event with the id `after`. As JSON, each to be parsed by itself,
        so that one that is not as documented hides no other.
        """
        created: EventListParamsCreated = {"gte": since}
        if until is not None:
            created["lt"] = until
        parameters: EventListParams = {"types": types, "created": created, "limit": max_events}
        if after is not None:
            parameters["starting_after"] = after
        page = await send(self._stripe.events.list_async(parameters))
        return EventsPage(types, [each.to_dict() for each in page.data], page.has_more)


@asynccontextmanager
async def stripe_gateway(
    secret_key: str,
    webhook_secrets: tuple[str, ...],
    api_base: str,
    public_url: str,
    billing_email: str | None = None,
) -> AsyncIterator[StripeGateway]:
    """Open a gateway, whose connections close with the block.

    `billing_email` is the operator's, for what Stripe writes to organizations.
    """
    http_client = RecordingHttpClient(timeout=ONE_TRY)
    client = stripe.StripeClient(
        secret_key, base_addresses={"api": api_base}, max_network_retries=2, http_client=http_client
    )
    try:
        livemode = not secret_key.startswith(("sk_test_", "rk_test_"))
        gateway = StripeGateway(client, webhook_secrets, public_url, livemode)
        gateway.billing_email = billing_email
        yield gateway
    finally:
        await http_client.close_async()  # type: ignore[no-untyped-call]
