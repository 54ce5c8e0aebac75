"""Metadata of what we create at Stripe: its keys, and how ids are read back.

Several installations may use one account, so each object names the one that created it.
https://docs.stripe.com/metadata
"""

from collections.abc import Mapping
from uuid import UUID

INSTALLATION_METADATA = "pursebot_installation"
PAYMENT_METADATA = "pursebot_payment_id"
REFUND_METADATA = "pursebot_refund_id"
SUBSCRIPTION_METADATA = "pursebot_subscription_id"
LINK_METADATA = "pursebot_link_id"
ORGANIZATION_METADATA = "pursebot_organization_id"


def metadata_id(metadata: Mapping[str, object] | None, name: str) -> str | None:
    """Read an id of ours from metadata; None if there is none, or it is no UUID."""
    value = (metadata or {}).get(name)
    if not isinstance(value, str):
        return None
    try:
        return str(UUID(value))
    except ValueError:  # not written by us
        return None
