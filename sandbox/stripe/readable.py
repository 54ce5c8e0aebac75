"""The kinds of objects that can be read, their paths, and the fields to list them by."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Readable:
    """The path of a kind: `GET path/{id}` reads one, `GET path` those with the same `filters`."""

    path: str
    filters: tuple[str, ...] = ()


READABLE = {
    "balance_transaction": Readable(
        "/v1/balance_transactions", filters=("source", "type", "currency")
    ),
    "charge": Readable("/v1/charges", filters=("payment_intent", "customer")),
    "checkout.session": Readable(
        "/v1/checkout/sessions", filters=("payment_intent", "customer", "subscription")
    ),
    "customer": Readable("/v1/customers"),
    "dispute": Readable("/v1/disputes", filters=("payment_intent", "charge")),
    "event": Readable("/v1/events"),
    "invoice": Readable("/v1/invoices", filters=("customer", "status")),
    "payment_intent": Readable("/v1/payment_intents", filters=("customer",)),
    "payment_method": Readable("/v1/payment_methods", filters=("customer",)),
    "product": Readable("/v1/products"),
    "radar.early_fraud_warning": Readable(
        "/v1/radar/early_fraud_warnings", filters=("payment_intent", "charge")
    ),
    "refund": Readable("/v1/refunds", filters=("payment_intent", "charge")),
    "setup_intent": Readable("/v1/setup_intents", filters=("customer",)),
    "subscription": Readable("/v1/subscriptions", filters=("customer", "status")),
}
