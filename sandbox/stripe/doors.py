"""All that the local Stripe answers: the calls of SDKs, and what its pages ask, as two tables."""

from sandbox.doors import READ, Doors, see_faults, set_faults
from sandbox.stripe import (
    account,
    billing,
    calls,
    cards,
    charges,
    clawbacks,
    neighbour,
    people,
    products,
    reading,
    taxes,
)
from sandbox.stripe.calls import Call
from sandbox.stripe.objects import READABLE


def one_of(plain: Call, other: Call, **sign: str) -> Call:
    """One address, two calls: a parameter with this value is the sign of the other one."""
    plain, other = READ(plain), READ(other)
    return lambda own, **asked: (other if asked.items() >= sign.items() else plain)(own, **asked)


CALLS: dict[tuple[str, str], Call] = {
    ("POST", "/v1/checkout/sessions"): one_of(
        calls.create_session, cards.create_setup, mode="setup"
    ),
    ("POST", "/v1/checkout/sessions/{id}/expire"): READ(calls.expire_session),
    ("POST", "/v1/payment_intents"): one_of(
        calls.create_intent, charges.charge_saved, confirm="true"
    ),
    ("POST", "/v1/payment_intents/{id}/cancel"): READ(calls.cancel_intent),
    ("POST", "/v1/customers"): READ(calls.create_customer),
    ("POST", "/v1/payment_methods/{id}"): READ(cards.update_method),
    ("POST", "/v1/payment_methods/{id}/attach"): READ(cards.attach),
    ("POST", "/v1/payment_methods/{id}/detach"): READ(cards.detach),
    ("POST", "/v1/customers/{id}"): READ(cards.update_customer),
    ("GET", "/v1/customers/{id}/payment_methods"): READ(cards.list_methods),
    ("POST", "/v1/billing_portal/sessions"): READ(cards.create_portal),
    ("GET", "/v1/billing_portal/configurations"): READ(cards.list_portal_configurations),
    ("POST", "/v1/products"): READ(products.create_product),
    ("POST", "/v1/products/{id}"): READ(products.update_product),
    ("POST", "/v1/prices/{id}"): READ(calls.update_price),
    ("POST", "/v1/subscriptions"): READ(billing.create_subscription),
    ("POST", "/v1/subscriptions/{id}"): READ(billing.update_subscription),
    ("DELETE", "/v1/subscriptions/{id}"): READ(billing.cancel_subscription),
    ("POST", "/v1/refunds"): READ(clawbacks.create_refund),
}
for kind, row in READABLE.items():
    CALLS["GET", f"{row['address']}/{{id}}"] = reading.retrieving(kind)
    CALLS["GET", row["address"]] = reading.listing(kind, *row["filters"], url=row["address"])
CALLS |= {
    ("GET", "/v1/account"): READ(account.own_account),
    ("GET", "/v1/products/{id}"): READ(products.retrieve_product),
    ("GET", "/v1/events"): READ(reading.list_events),
    ("GET", "/v1/webhook_endpoints"): READ(account.list_webhook_endpoints),
    ("GET", "/v2/core/event_destinations"): READ(account.list_event_destinations),
}
DOORS: Doors = {
    ("GET", "/stripe/account"): account.see_account,
    ("POST", "/stripe/account"): account.change_account,
    ("GET", "/stripe/sessions"): people.see_sessions,
    ("GET", "/stripe/sessions/{id}"): people.see_session,
    ("POST", "/stripe/sessions/{id}/pay"): people.pay,
    ("POST", "/stripe/sessions/{id}/settle"): people.settle,
    ("POST", "/stripe/payment_intents/{id:pi_.+}/confirm"): people.confirm,
    ("POST", "/stripe/sessions/{id}/expire"): people.expire,
    ("POST", "/stripe/clock"): billing.advance,
    ("GET", "/stripe/deliveries"): people.see_deliveries,
    ("POST", "/stripe/deliveries/{id}/again"): people.again,
    ("GET", "/stripe/faults"): see_faults,
    ("POST", "/stripe/faults"): set_faults,
    ("GET", "/stripe/portal/{id}"): cards.see_portal,
    ("POST", "/stripe/portal/{id}/{act}"): cards.use_portal,
    ("POST", "/stripe/customers/{id}/balance"): taxes.set_balance,
    ("POST", "/stripe/neighbour"): neighbour.neighbour_pays,
    ("GET", "/stripe/cards"): cards.see_cards,
    ("POST", "/stripe/cards/{id}/reissue"): cards.reissue,
    ("POST", "/stripe/products/{id}/archive"): products.archive,
    ("POST", "/stripe/products/{id}/delete"): products.delete,
    ("GET", "/stripe/clawbacks"): clawbacks.see_clawbacks,
    ("POST", "/stripe/clawbacks/{id}"): clawbacks.go_on,
}
