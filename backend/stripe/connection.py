"""The connection to Stripe that all parts of the gateway share."""

import stripe

from backend.stripe.metadata import INSTALLATION_METADATA


class StripeConnection:
    """The SDK's client for one secret key.

    `livemode` is the key's. `installation_id` is our database's, set by `claim_stripe_account`.
    """

    def __init__(self, client: stripe.StripeClient, public_url: str, livemode: bool) -> None:
        """`public_url` is where payers return to, without a slash at its end."""
        self.livemode = livemode
        self.installation_id: str | None = None
        self._client, self._stripe = client, client.v1
        self._public_url = public_url

    def with_installation(self, metadata: dict[str, str]) -> dict[str, str]:
        """Add the installation's id to metadata: several installations may use one account."""
        if self.installation_id is None:
            return metadata
        return {**metadata, INSTALLATION_METADATA: self.installation_id}
