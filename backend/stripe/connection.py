"""The connection to Stripe that all parts of the gateway share."""

from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar, cast
from uuid import UUID

import stripe

from backend.schemas import Json
from backend.stripe.metadata import INSTALLATION_METADATA, Purpose

Parameters = TypeVar("Parameters", bound=Mapping[str, object])
# Takes a row's id, its attempt, the purpose, the organization and parameters; returns those that
# were given first for that attempt: `backend.database.functions.stripe_requests`.
Freeze = Callable[[UUID, int, Purpose, UUID, Json], Awaitable[Json]]


class StripeConnection:
    """The SDK's client for one secret key.

    `livemode` is the key's. `installation_id` is our database's, and `freeze` stores there what
    Stripe is asked to make; both are set by `claim_stripe_account`, and missing only where nothing
    is made.
    """

    def __init__(self, client: stripe.StripeClient, public_url: str, livemode: bool) -> None:
        """`public_url` is where payers return to, without a slash at its end."""
        self.livemode = livemode
        self.installation_id: str | None = None
        self.freeze: Freeze | None = None
        self._client, self._stripe = client, client.v1
        self.public_url = public_url
        self.billing_email: str | None = None

    def with_installation(self, metadata: dict[str, str]) -> dict[str, str]:
        """Add the installation's id to metadata: several installations may use one account."""
        if self.installation_id is None:
            return metadata
        return {**metadata, INSTALLATION_METADATA: self.installation_id}

    def customer_email(self, organization_id: UUID) -> str:
        """Return the e-mail address of an organization's customer, which is nobody's own.

        Of a customer without one Stripe's page stores the first payer's, and shows it to all later
        ones. Without `billing_email` it is one that nobody can have:
        https://www.rfc-editor.org/rfc/rfc2606#section-3
        """
        mailbox, at, domain = (self.billing_email or "billing@example.com").partition("@")
        return f"{mailbox}+{organization_id}{at}{domain}"

    async def frozen(
        self,
        subject_id: UUID,
        attempt: int,
        purpose: Purpose,
        organization_id: UUID,
        parameters: Parameters,
    ) -> Parameters:
        """Return the parameters with which Stripe was first asked for a row's attempt, or these.

        Under one key Stripe takes one set of parameters only.
        """
        if self.freeze is None:
            return parameters
        stored = await self.freeze(subject_id, attempt, purpose, organization_id, {**parameters})
        return cast(Parameters, stored)
