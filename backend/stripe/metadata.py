"""Metadata of what we create at Stripe: its keys, and how ids are read back.

Several installations may use one account, so each object names the one that created it. What else
is there says, in Stripe's dashboard and to a database that was restored from a backup, whose money
it is, how much was asked for and why, and by whose key (`private.key_hash`).
https://docs.stripe.com/metadata
"""

from collections.abc import Mapping
from typing import Literal
from uuid import UUID

INSTALLATION_METADATA = "pursebot_installation"
PAYMENT_METADATA = "pursebot_payment_id"
REFUND_METADATA = "pursebot_refund_id"
SUBSCRIPTION_METADATA = "pursebot_subscription_id"
LINK_METADATA = "pursebot_link_id"
ORGANIZATION_METADATA = "pursebot_organization_id"
AMOUNT_METADATA = "pursebot_amount"  # in minor units
CURRENCY_METADATA = "pursebot_currency"
PURPOSE_METADATA = "pursebot_purpose"
KEY_METADATA = "pursebot_key_hash"

Purpose = Literal["checkout", "intent", "charge", "refund", "subscription", "setup", "customer"]


def request_metadata(
    purpose: Purpose,
    organization_id: UUID,
    key_hash: str | None,
    money: tuple[int, str] | None = None,
) -> dict[str, str]:
    """Return what the metadata of a request says beside our ids.

    `money` is an amount in minor units and its currency; `key_hash` is None where no key of a
    person's began it.
    """
    metadata = {PURPOSE_METADATA: purpose, ORGANIZATION_METADATA: str(organization_id)}
    if money is not None:
        metadata |= {AMOUNT_METADATA: str(money[0]), CURRENCY_METADATA: money[1]}
    if key_hash is not None:
        metadata[KEY_METADATA] = key_hash
    return metadata


def organization_in(metadata: Mapping[str, str] | None, installation_id: str | None) -> str | None:
    """Read the organization that an object's metadata names; None where another wrote it."""
    if metadata_id(metadata, INSTALLATION_METADATA) != installation_id:
        return None
    return metadata_id(metadata, ORGANIZATION_METADATA)


def metadata_id(metadata: Mapping[str, object] | None, name: str) -> str | None:
    """Read an id of ours from metadata; None if there is none, or it is no UUID."""
    value = (metadata or {}).get(name)
    if not isinstance(value, str):
        return None
    try:
        return str(UUID(value))
    except ValueError:  # not written by us
        return None
