"""Whose money it is: the account behind the key, and how to change it for another.

An account is made with the data folder and keeps its id. Another account knows nothing of what
the first one has, nor the other way round, as at Stripe.
"""

from sandbox.store import Json
from sandbox.stripe_objects import TEMPLATES, new, new_id
from sandbox.stripe_sessions import LocalStripe

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
