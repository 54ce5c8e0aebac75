"""Events in the form of other endpoints: of an older API version, or thin.

Answers are always of the SDK's version; events are of the account's or the endpoint's
(https://docs.stripe.com/webhooks/versioning). Of the older versions this has what 2025-03-31 moved
(https://docs.stripe.com/changelog/basil) and, before 2022-11-15, the lists inside objects.
"""

from datetime import UTC, datetime

from sandbox.store import Json, Store
from sandbox.stripe.readable import READABLE

BASIL, LISTS_INSIDE = "2025-03-31", "2022-11-15"
FIELDS_SINCE_BASIL = {
    "checkout.session": (
        "collected_information", "customer_account", "origin_context", "permissions",
        "wallet_options", "adaptive_pricing", "presentment_details",
    ),
    "invoice": (
        "amount_overpaid", "amount_paid_off_stripe", "confirmation_secret", "customer_account",
        "parent", "payments", "total_taxes",
    ),
    "payment_intent": ("amount_details", "customer_account", "excluded_payment_method_types"),
    "subscription": (
        "billing_mode", "billing_schedules", "customer_account",
    ),
}  # fmt: skip


def in_version(store: Store, stripe_object: Json, version: str) -> Json:
    """Return an object in the form of an API version; `store` has the objects that it names."""
    if version >= BASIL:
        return stripe_object
    newer = FIELDS_SINCE_BASIL.get(stripe_object["object"], ())
    older = {name: value for name, value in stripe_object.items() if name not in newer}
    match stripe_object["object"]:
        case "invoice":
            return older | _invoice_before_basil(store, stripe_object)
        case "subscription":
            return older | _subscription_before_basil(stripe_object)
        case "checkout.session":
            return older | {"ui_mode": "hosted"}
        case "payment_intent":
            older |= {"invoice": _invoice_of(store, stripe_object["id"]), "source": None}
            return _with_charges(store, older) if version < LISTS_INSIDE else older
        case "charge":
            older["invoice"] = _invoice_of(store, stripe_object["payment_intent"])
            return _with_refunds(store, older) if version < LISTS_INSIDE else older
    return older


def _invoice_before_basil(store: Store, invoice: Json) -> Json:
    """Return what stood at an invoice's top: its subscription, its intent, whether it is paid."""
    details = invoice["parent"]["subscription_details"]
    intent_id = (invoice["hosted_invoice_url"] or "").rpartition("/")[2]
    intent = store.get("payment_intent", intent_id) or {}
    taxes = [
        {
            "amount": tax["amount"],
            "inclusive": False,
            "tax_rate": "txr_1",
            "taxability_reason": None,
        }
        for tax in invoice["total_taxes"]
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
        "tax": sum(tax["amount"] for tax in taxes) or None,
        "total_tax_amounts": taxes,
        "transfer_data": None,
    }


def _subscription_before_basil(subscription: Json) -> Json:
    """Return its period, which stood at its top and not in its item."""
    [item] = subscription["items"]["data"]
    period = {name: item[name] for name in ("current_period_end", "current_period_start")}
    without_period = {name: value for name, value in item.items() if name not in period}
    items = {**subscription["items"], "data": [without_period]}
    return {**period, "discount": None, "quantity": 1, "items": items}


def _with_charges(store: Store, intent: Json) -> Json:
    """Return an intent with the list of its charges in place of the latest one's id."""
    charge = store.get("charge", intent["latest_charge"] or "")
    charges = _whole_list([charge] if charge else [], "/v1/charges")
    older = {name: value for name, value in intent.items() if name != "latest_charge"}
    return older | {"charges": charges}


def _with_refunds(store: Store, charge: Json) -> Json:
    """Return a charge with the list of its refunds."""
    refunds = [refund for _, refund in store.list("refund") if refund["charge"] == charge["id"]]
    return charge | {"refunds": _whole_list(refunds, f"/v1/charges/{charge['id']}/refunds")}


def _invoice_of(store: Store, intent_id: str) -> str | None:
    """Return the id of the invoice that an intent pays, if there is one."""
    hidden = store.get("hidden_state", intent_id) or {}
    invoice: str | None = hidden.get("invoice")
    return invoice


def _whole_list(objects: list[Json], url: str) -> Json:
    """Return a list inside an object, with how many there are."""
    counted = {"has_more": False, "total_count": len(objects)}
    return {"object": "list", "data": objects, "url": url, **counted}


def thin_event(event: Json) -> Json:
    """Return an event as a thin event: with the id and the address of its object.

    https://docs.stripe.com/event-destinations
    """
    about = event["data"]["object"]
    path = READABLE[about["object"]].path
    created = datetime.fromtimestamp(event["created"], UTC)
    return {
        "id": event["id"],
        "object": "v2.core.event",
        "context": event.get("account"),
        "created": created.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        "livemode": False,
        "reason": None,
        "related_object": {
            "id": about["id"],
            "type": about["object"],
            "url": f"{path}/{about['id']}",
        },
        "type": f"v1.{event['type']}",
    }
