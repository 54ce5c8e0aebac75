"""Routes of saved payment methods: list, add, change, remove, Stripe's portal, the customer."""

from backend import errors
from backend.http.route import STRIPE, Route, route
from backend.payment_methods import customers, service as payment_methods, setup_links
from backend.schemas import (
    AddedMethod,
    Customer,
    MethodChange,
    MethodLink,
    NewMethod,
    PaymentMethod,
    PaymentMethods,
    Portal,
    WhichOrganization,
)

PAYMENT_METHODS: list[Route] = [
    route(
        "GET",
        "/api/payments/methods",
        lambda call: payment_methods.list_payment_methods(call.database, call.actor, call.body),
        "List the payment methods that an organization has saved.",
        request_model=WhichOrganization,
        response_model=PaymentMethods,
        role="member",
    ),
    route(
        "POST",
        "/api/payments/methods",
        lambda call: setup_links.add_payment_method(
            call.services, call.actor, call.body, call.idempotency_key
        ),
        "Save a payment method for an organization, or create the link to add one on.",
        request_model=NewMethod,
        response_model=AddedMethod,
        status=201,
        role="admin",
        key="optional",
        raises=(
            errors.CardDeclined,
            errors.IdempotencyKeyReused,
            *STRIPE,
        ),
        rate_limited=True,
    ),
    route(
        "PUT",
        "/api/payments/methods/{id}",
        lambda call: payment_methods.change_payment_method(
            call.services, call.actor, call.id(), call.body
        ),
        "Set a saved payment method's label, make it the default, or both.",
        request_model=MethodChange,
        response_model=PaymentMethod,
        role="admin",
        raises=STRIPE,
        rate_limited=True,
    ),
    route(
        "DELETE",
        "/api/payments/methods/{id}",
        lambda call: payment_methods.remove_payment_method(call.services, call.actor, call.id()),
        "Remove a saved payment method; again is harmless.",
        status=204,
        role="admin",
        raises=STRIPE,
        rate_limited=True,
    ),
    route(
        "POST",
        "/api/payments/methods/{id}/set-default",
        lambda call: payment_methods.set_default_payment_method(
            call.services, call.actor, call.id()
        ),
        "Make a saved payment method the default.",
        response_model=PaymentMethod,
        role="admin",
        raises=STRIPE,
        rate_limited=True,
    ),
    route(
        "GET",
        "/api/payments/methods/links/{id}",
        lambda call: setup_links.get_setup_link(call.database, call.actor, call.id()),
        "Read one of the caller's links to add a card, and what came of it.",
        response_model=MethodLink,
        role="admin",
    ),
    route(
        "POST",
        "/api/payments/methods/links/{id}/check",
        lambda call: setup_links.check_setup_link(call.services, call.actor, call.id()),
        "Read a link to add a card after asking Stripe, every three seconds at most.",
        response_model=MethodLink,
        role="admin",
        raises=STRIPE,
        rate_limited=True,
    ),
    route(
        "POST",
        "/api/payments/portal",
        lambda call: payment_methods.create_portal_session(call.services, call.actor, call.body),
        "Open Stripe's customer portal, with an organization's cards and invoices.",
        request_model=WhichOrganization,
        response_model=Portal,
        role="admin",
        raises=STRIPE,
        rate_limited=True,
    ),
    route(
        "POST",
        "/api/customers",
        lambda call: customers.ensure_customer(call.services, call.actor, call.body),
        "Return the organization's customer at Stripe; create it if there is none.",
        request_model=WhichOrganization,
        response_model=Customer,
        role="admin",
        raises=STRIPE,
        rate_limited=True,
    ),
]
