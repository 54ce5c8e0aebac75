"""The routes of the local Stripe: those of the API, and those of its pages, as two tables."""

from typing import Any

from sandbox.refusals import validated
from sandbox.routes import Routes
from sandbox.store import Json
from sandbox.stripe import (
    account,
    checkout,
    clawbacks,
    console,
    customers,
    event_pages,
    hosted_page,
    idempotency,
    other_installation,
    payment_intents,
    payment_methods,
    portal,
    products,
    renewals,
    retrieval,
    setup_sessions,
    subscriptions,
)
from sandbox.stripe.charges import charge_saved
from sandbox.stripe.local_stripe import LocalStripe
from sandbox.stripe.parameters import Call
from sandbox.stripe.readable import READABLE

_create_session = validated(checkout.create_session)
_create_setup_session = validated(setup_sessions.create_setup_session)
_create_intent = validated(payment_intents.create_intent)
_charge_saved = validated(charge_saved)


def post_session(stripe: LocalStripe, **parameters: Any) -> Json:
    """Answer POST /v1/checkout/sessions: `mode=setup` saves a card, any other mode is paid for."""
    if parameters.get("mode") == "setup":
        return _create_setup_session(stripe, **parameters)
    return _create_session(stripe, **parameters)


def post_intent(stripe: LocalStripe, **parameters: Any) -> Json:
    """Answer POST /v1/payment_intents: `confirm=true` charges a saved card at once."""
    if parameters.get("confirm") == "true":
        return _charge_saved(stripe, **parameters)
    return _create_intent(stripe, **parameters)


API_ROUTES: dict[tuple[str, str], Call] = {
    ("POST", "/v1/checkout/sessions"): post_session,
    ("POST", "/v1/checkout/sessions/{id}/expire"): checkout.expire_session,
    ("POST", "/v1/payment_intents"): post_intent,
    ("POST", "/v1/payment_intents/{id}/cancel"): payment_intents.cancel_intent,
    ("POST", "/v1/customers"): customers.create_customer,
    ("POST", "/v1/customers/{id}"): customers.update_customer,
    ("GET", "/v1/customers/{id}/payment_methods"): payment_methods.list_methods,
    ("POST", "/v1/payment_methods/{id}"): payment_methods.update_method,
    ("POST", "/v1/payment_methods/{id}/attach"): payment_methods.attach,
    ("POST", "/v1/payment_methods/{id}/detach"): payment_methods.detach,
    ("POST", "/v1/billing_portal/sessions"): portal.create_portal,
    ("GET", "/v1/billing_portal/configurations"): portal.list_portal_configurations,
    ("POST", "/v1/products"): products.create_product,
    ("POST", "/v1/products/{id}"): products.update_product,
    ("POST", "/v1/prices/{id}"): products.update_price,
    ("POST", "/v1/subscriptions"): subscriptions.create_subscription,
    ("POST", "/v1/subscriptions/{id}"): subscriptions.update_subscription,
    ("DELETE", "/v1/subscriptions/{id}"): subscriptions.cancel_subscription,
    ("POST", "/v1/refunds"): clawbacks.create_refund,
}
for kind, readable in READABLE.items():
    API_ROUTES["GET", f"{readable.path}/{{id}}"] = retrieval.retrieve_call(kind)
    API_ROUTES["GET", readable.path] = retrieval.list_call(kind, readable)
API_ROUTES |= {
    ("GET", "/v1/account"): account.retrieve_account,
    ("GET", "/v1/products/{id}"): products.retrieve_product,  # not one that was deleted
    ("GET", "/v1/events"): retrieval.list_events,  # by type as well
    ("GET", "/v1/webhook_endpoints"): account.list_webhook_endpoints,
    ("GET", "/v2/core/event_destinations"): account.list_event_destinations,
}

PEOPLE_ROUTES: Routes = {
    ("GET", "/stripe/account"): account.get_account,
    ("POST", "/stripe/account"): account.change_account,
    ("GET", "/stripe/sessions"): console.list_session_views,
    ("GET", "/stripe/sessions/{id}"): hosted_page.get_session_view,
    ("POST", "/stripe/sessions/{id}/pay"): hosted_page.pay,
    ("POST", "/stripe/sessions/{id}/settle"): hosted_page.settle,
    ("POST", "/stripe/sessions/{id}/transfer"): hosted_page.transfer,
    ("POST", "/stripe/payment_intents/{id:pi_.+}/confirm"): hosted_page.confirm,
    ("POST", "/stripe/sessions/{id}/expire"): hosted_page.expire,
    ("POST", "/stripe/clock"): renewals.advance,
    ("GET", "/stripe/deliveries"): console.list_deliveries,
    ("POST", "/stripe/deliveries/{id}/again"): console.deliver_again,
    ("GET", "/stripe/events"): event_pages.list_event_views,
    ("GET", "/stripe/events/{id}"): event_pages.get_event_view,
    ("GET", "/stripe/faults"): console.get_faults,
    ("POST", "/stripe/faults"): console.set_faults,
    ("POST", "/stripe/idempotency_keys/forget"): idempotency.forget_keys,
    ("GET", "/stripe/portal/{id}"): portal.get_portal,
    ("POST", "/stripe/portal/{id}/{act}"): portal.use_portal,
    ("POST", "/stripe/customers/{id}/balance"): customers.set_balance,
    ("POST", "/stripe/neighbour"): other_installation.other_installation_pays,
    ("GET", "/stripe/cards"): payment_methods.list_cards,
    ("POST", "/stripe/cards/{id}/reissue"): payment_methods.reissue,
    ("POST", "/stripe/products/{id}/archive"): products.archive,
    ("POST", "/stripe/products/{id}/delete"): products.delete,
    ("GET", "/stripe/clawbacks"): clawbacks.list_clawbacks,
    ("POST", "/stripe/clawbacks/{id}"): clawbacks.run_step,
}
