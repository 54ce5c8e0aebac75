"""The Stripe account of the key, how it is changed, and the endpoints of its events.

An account is made with the data folder and keeps its id. No account has the objects of another, as
at Stripe.
"""

from typing import Annotated, Literal

from sandbox.store import Json
from sandbox.stripe.form_encoding import FormList
from sandbox.stripe.local_stripe import LocalStripe
from sandbox.stripe.objects import API_VERSION, TEMPLATES, list_object, new, new_id
from sandbox.stripe.parameters import Limit

CURRENT_ACCOUNT = ("own_account", "own")  # its kind and id in the store
SUPPORTING_KINDS = ("hidden_state", "clock", "delivery", "idempotency_key", "card_number")
KINDS = (*TEMPLATES, *SUPPORTING_KINDS)


def retrieve_account(stripe: LocalStripe) -> Json:
    """Answer GET /v1/account (https://docs.stripe.com/api/accounts/retrieve)."""
    account = stripe.store.get(*CURRENT_ACCOUNT) or new("account")
    account["default_currency"] = stripe.faults.settlement or account["default_currency"]
    stripe.store.put(*CURRENT_ACCOUNT, account)
    return account


async def get_account(stripe: LocalStripe) -> Json:
    """Return `{"id"}` of the account."""
    return {"id": retrieve_account(stripe)["id"]}


async def change_account(stripe: LocalStripe, id: str | None = None) -> Json:
    """Give the key to another account, new or of before; return `{"id"}`.

    The objects of the current account are put aside until the key is changed back to it.
    """
    before = retrieve_account(stripe)["id"]
    account = new("account") | {"id": id or new_id("acct_1")}
    if account["id"] != before:
        for kind in KINDS:
            stripe.store.rename(kind, f"{kind} of {before}")
            stripe.store.rename(f"{kind} of {account['id']}", kind)
    stripe.store.put(*CURRENT_ACCOUNT, account)
    return {"id": account["id"]}


def list_webhook_endpoints(stripe: LocalStripe, *, limit: Limit = 10) -> Json:
    """Answer GET /v1/webhook_endpoints: the one that is posted to, unless its events are thin."""
    faults, template = stripe.faults, TEMPLATES["webhook_endpoint"]
    endpoint = {
        **template,
        "url": stripe.settings.webhook_url,
        "enabled_events": faults.only or ["*"],
        "api_version": faults.api_version or template["api_version"],
    }
    return list_object([] if faults.thin else [endpoint], "/v1/webhook_endpoints", limit)


def list_event_destinations(
    stripe: LocalStripe,
    *,
    include: Annotated[list[Literal["webhook_endpoint.url"]], FormList] | None = None,
    limit: Limit = 20,
) -> Json:
    """Answer GET /v2/core/event_destinations: the same endpoint, for snapshot and thin events.

    Its address is left out unless `include` names it.
    https://docs.stripe.com/api/v2/core/event-destinations
    """
    faults = stripe.faults
    url = stripe.settings.webhook_url if include else None
    destination = {
        **TEMPLATES["v2.core.event_destination"],
        "enabled_events": faults.only or ["*"],
        "event_payload": "thin" if faults.thin else "snapshot",
        "events_from": ["@self", "@accounts"] if faults.account else ["@self"],
        "webhook_endpoint": {"signing_secret": None, "url": url},
    }
    if not faults.thin:
        destination["snapshot_api_version"] = faults.api_version or API_VERSION
    return {"data": [destination][:limit], "next_page_url": None, "previous_page_url": None}
