"""Routes of the combined form for payment methods and purchases: `/api/payment`."""

from backend import errors, failures
from backend.http.route import ORDER, STRIPE, Route, route
from backend.payment_methods import service as payment_methods
from backend.payments import payment_form
from backend.schemas import (
    MethodChoice,
    MethodForm,
    PaymentForm,
    PaymentFormAnswer,
    PaymentMethod,
    PaymentMethods,
    WhichOrganization,
)

PAYMENT_FORM: list[Route] = [
    route(
        "GET",
        "/api/payment",
        lambda call: payment_methods.list_payment_methods(call.database, call.actor, call.body),
        "List the payment methods that an organization has saved.",
        request_model=WhichOrganization,
        response_model=PaymentMethods,
        role="member",
    ),
    route(
        "POST",
        "/api/payment",
        lambda call: payment_form.submit_payment_form(
            call.services, call.actor, call.body, call.idempotency_key
        ),
        "Add a payment method, or purchase credits with a saved one or on a page.",
        request_model=PaymentForm,
        response_model=PaymentFormAnswer,
        status=201,
        role="admin",
        key="optional",
        raises=(
            *ORDER,
            errors.ReferenceUsed,
            errors.CardDeclined,
            failures.ChargeUnclear,
        ),
        rate_limited=True,
    ),
    route(
        "PUT",
        "/api/payment",
        lambda call: payment_form.change_payment_method(call.services, call.actor, call.body),
        "Set a saved payment method's label, make it the default, or both.",
        request_model=MethodForm,
        response_model=PaymentMethod,
        role="admin",
        raises=STRIPE,
        rate_limited=True,
    ),
    route(
        "DELETE",
        "/api/payment",
        lambda call: payment_form.remove_payment_method(call.services, call.actor, call.body),
        "Remove a saved payment method; again is harmless.",
        request_model=MethodChoice,
        status=204,
        role="admin",
        raises=STRIPE,
        rate_limited=True,
    ),
]
