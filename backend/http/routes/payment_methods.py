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
        "What an organization has saved to pay with.",
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
        "A card for every owner and admin of an organization to charge, or the link to add it on.",
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
        "Give a saved card a label, make it the default, or both.",
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
        "A saved card can be charged no more; again is harmless.",
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
        "A saved card is what is paid with unless somebody says otherwise.",
        response_model=PaymentMethod,
        role="admin",
        raises=STRIPE,
        rate_limited=True,
    ),
    route(
        "GET",
        "/api/payments/methods/links/{id}",
        lambda call: setup_links.get_setup_link(call.database, call.actor, call.id()),
        "A link of one's own to add a card, and what came of it.",
        response_model=MethodLink,
        role="admin",
    ),
    route(
        "POST",
        "/api/payments/methods/links/{id}/check",
        lambda call: setup_links.check_setup_link(call.services, call.actor, call.id()),
        "A link of one's own as it stands at Stripe, which is asked every three seconds at most.",
        response_model=MethodLink,
        role="admin",
        raises=STRIPE,
        rate_limited=True,
    ),
    route(
        "POST",
        "/api/payments/portal",
        lambda call: payment_methods.create_portal_session(call.services, call.actor, call.body),
        "A way into Stripe's own page of an organization's cards and invoices.",
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
        "The organization as Stripe's customer, made if there is none yet.",
        request_model=WhichOrganization,
        response_model=Customer,
        role="admin",
        raises=STRIPE,
        rate_limited=True,
    ),
]
