"""Events as other endpoints get them: of an older API version, or thin.

Answers are always of the version that the SDK speaks; events are of the account's or the
endpoint's (docs.stripe.com/webhooks/versioning). Of the older versions this knows what
2025-03-31 moved (docs.stripe.com/changelog/basil) and, before 2022-11-15, the lists inside.
"""

from datetime import UTC, datetime

from sandbox.store import Json, Store
from sandbox.stripe.objects import READABLE

BASIL, LISTS_INSIDE = "2025-03-31", "2022-11-15"
NEWER = {
    "checkout.session": (
        "collected_information", "customer_account", "origin_context", "permissions",
        "wallet_options", "adaptive_pricing", "presentment_details",
    ),
    "customer": (),
    "invoice": (
        "amount_overpaid", "amount_paid_off_stripe", "confirmation_secret", "customer_account",
        "parent", "payments", "total_taxes",
    ),
    "payment_intent": ("amount_details", "customer_account", "excluded_payment_method_types"),
    "subscription": (
        "billing_mode", "billing_schedules", "customer_account",
    ),
}  # fmt: skip


def rendered(store: Store, thing: Json, version: str) -> Json:
    """A copy of an object in the shape of an API version; `store` has what it names."""
    kind = thing["object"]
    if version >= BASIL:
        return thing
    older = {name: it for name, it in thing.items() if name not in NEWER.get(kind, ())}
    if kind == "invoice":
        older |= invoice_before_basil(store, thing)
    elif kind == "subscription":
        [item] = older["items"]["data"]
        period = {"current_period_end", "current_period_start"}
        older |= {name: item[name] for name in period} | {"discount": None, "quantity": 1}
        kept = {name: it for name, it in item.items() if name not in period}
        older["items"] = {**older["items"], "data": [kept]}
    elif kind == "checkout.session":
        older["ui_mode"] = "hosted"
    elif kind == "payment_intent":
        older |= {"invoice": invoice_of(store, thing["id"]), "source": None}
        if version < LISTS_INSIDE:
            charge = store.get("charge", thing["latest_charge"] or "")
            older["charges"] = whole([charge] if charge else [], "/v1/charges")
            del older["latest_charge"]
    elif kind == "charge":
        older["invoice"] = invoice_of(store, thing["payment_intent"])
        if version < LISTS_INSIDE:
            refunds = [it for _, it in store.list("refund") if it["charge"] == thing["id"]]
            older["refunds"] = whole(refunds, f"/v1/charges/{thing['id']}/refunds")
    return older


def invoice_before_basil(store: Store, invoice: Json) -> Json:
    """What stood at an invoice's top: its subscription, its intent, whether it is paid."""
    details = invoice["parent"]["subscription_details"]
    intent_id = (invoice["hosted_invoice_url"] or "").rpartition("/")[2]
    intent = store.get("payment_intent", intent_id) or {}
    taxes = [
        {"amount": it["amount"], "inclusive": False, "tax_rate": "txr_1", "taxability_reason": None}
        for it in invoice["total_taxes"]
    ]
    return {
        "application_fee_amount": None,
        "charge": intent.get("latest_charge"),
        "discount": None,
        "paid": invoice["status"] == "paid",
        "paid_out_of_band": False,
        "payment_intent": intent.get("id"),
        "quote": None,
        "subscription": details["subscription"],
        "subscription_details": {"metadata": details["metadata"]},
        "tax": sum(it["amount"] for it in taxes) or None,
        "total_tax_amounts": taxes,
        "transfer_data": None,
    }


def invoice_of(store: Store, intent_id: str) -> str | None:
    """The invoice that an intent pays, if there is one."""
    backstage = store.get("backstage", intent_id) or {}
    invoice: str | None = backstage.get("invoice")
    return invoice


def whole(found: list[Json], url: str) -> Json:
    """A list inside an object."""
    more = {"has_more": False, "total_count": len(found)}
    return {"object": "list", "data": found, "url": url, **more}


def thin(event: Json) -> Json:
    """A thin event: what it is about, and nothing of it (docs.stripe.com/event-destinations)."""
    thing = event["data"]["object"]
    kind, address = thing["object"], READABLE[thing["object"]]["address"]
    return {
        "id": event["id"],
        "object": "v2.core.event",
        "context": event.get("account"),
        "created": datetime.fromtimestamp(event["created"], UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        "livemode": False,
        "reason": None,
        "related_object": {"id": thing["id"], "type": kind, "url": f"{address}/{thing['id']}"},
        "type": f"v1.{event['type']}",
    }
