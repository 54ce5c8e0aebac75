"""What we write into the metadata of all that we make at Stripe, and how it is read back.

Several installations may use one account of Stripe's, so each object says which one made it.
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
    """Read an id of ours, if the metadata has one under this name in the form that we write."""
    value = (metadata or {}).get(name)
    if not isinstance(value, str):
        return None
    try:
        return str(UUID(value))
    except ValueError:  # somebody else's, of another form
        return None
