"""What all parts of the gateway share: the SDK's client, and the mark of this installation."""

import stripe

from backend.stripe.metadata import INSTALLATION_METADATA


class StripeConnection:
    """One secret key's way to Stripe's API.

    `installation_id` is that of our database, once it is known; `livemode` is the key's.
    """

    def __init__(self, client: stripe.StripeClient, public_url: str, livemode: bool) -> None:
        """`public_url` is where payers come back to; no trailing slash."""
        self.livemode = livemode
        self.installation_id: str | None = None
        self._client, self._stripe = client, client.v1
        self._public_url = public_url

    def with_installation(self, metadata: dict[str, str]) -> dict[str, str]:
        """Add to metadata of ours which of the installations on one account made the object."""
        if self.installation_id is None:
            return metadata
        return {**metadata, INSTALLATION_METADATA: self.installation_id}
