"""Whose money it is: the account behind the key, how to change it, and where its events go.

An account is made with the data folder and keeps its id. Another account knows nothing of what
the first one has, nor the other way round, as at Stripe.
"""

from typing import Annotated, Literal

from sandbox.store import Json
from sandbox.stripe.calls import Limit, Listed
from sandbox.stripe.objects import TEMPLATES, listed, new, new_id
from sandbox.stripe.sessions import LocalStripe

OWN = ("own_account", "own")
BESIDE_OBJECTS = ("backstage", "clock", "delivery", "idempotency_key", "number_behind")
KINDS = (*(kind for kind, it in TEMPLATES.items() if it.get("object") == kind), *BESIDE_OBJECTS)


def own_account(stripe: LocalStripe) -> Json:
    """GET /v1/account."""
    account = stripe.store.get(*OWN) or new("account")
    account["default_currency"] = stripe.faults.settlement or account["default_currency"]
    stripe.store.put(*OWN, account)
    return account


async def see_account(stripe: LocalStripe) -> Json:
    """The account's id."""
    return {"id": own_account(stripe)["id"]}


async def change_account(stripe: LocalStripe, id: str | None = None) -> Json:
    """From now on the key is another account's: a new one, or one that it was before.

    What the account had until now is put aside until somebody changes back to it.
    """
    before = own_account(stripe)["id"]
    account = new("account") | {"id": id or new_id("acct_1")}
    if account["id"] != before:
        for kind in KINDS:
            stripe.store.rename(kind, f"{kind} of {before}")
            stripe.store.rename(f"{kind} of {account['id']}", kind)
    stripe.store.put(*OWN, account)
    return {"id": account["id"]}


def list_webhook_endpoints(stripe: LocalStripe, *, limit: Limit = 10) -> Json:
    """GET /v1/webhook_endpoints: the one that is posted to, unless its events are thin."""
    faults, template = stripe.faults, TEMPLATES["webhook_endpoint"]
    endpoint = {**template, "url": stripe.settings.webhook_url}
    endpoint["enabled_events"] = faults.only or ["*"]
    endpoint["api_version"] = faults.api_version or template["api_version"]
    return listed([] if faults.thin else [endpoint], "/v1/webhook_endpoints", limit)


def list_event_destinations(
    stripe: LocalStripe,
    *,
    include: Annotated[list[Literal["webhook_endpoint.url"]], Listed] | None = None,
    limit: Limit = 20,
) -> Json:
    """GET /v2/core/event_destinations (docs.stripe.com/api/v2/core/event-destinations).

    The same one, whatever it is posted; its address only where that is asked for.
    """
    faults, template = stripe.faults, TEMPLATES["v2.core.event_destination"]
    url = stripe.settings.webhook_url if include else None
    destination = {
        **template,
        "enabled_events": faults.only or ["*"],
        "event_payload": "thin" if faults.thin else "snapshot",
        "events_from": ["@self", "@accounts"] if faults.account else ["@self"],
        "webhook_endpoint": {"signing_secret": None, "url": url},
    }
    if not faults.thin:
        version = faults.api_version or TEMPLATES["event"]["api_version"]
        destination["snapshot_api_version"] = version
    return {"data": [destination][:limit], "next_page_url": None, "previous_page_url": None}
