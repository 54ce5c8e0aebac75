"""Routes of the one form for payment methods and purchases: `/api/payment`."""

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
        lambda call: payment_methods.listing(call.database, call.actor, call.body),
        "What an organization has saved to pay with.",
        takes=WhichOrganization,
        gives=PaymentMethods,
        role="member",
    ),
    route(
        "POST",
        "/api/payment",
        lambda call: payment_form.act(call.services, call.actor, call.body, call.idempotency_key),
        "Add a payment method, or purchase credits with a saved one or on a page.",
        takes=PaymentForm,
        gives=PaymentFormAnswer,
        status=201,
        role="admin",
        key="optional",
        refuses=(
            *ORDER,
            errors.ReferenceUsed,
            errors.CardDeclined,
            failures.ChargeUnclear,
        ),
        costs=True,
    ),
    route(
        "PUT",
        "/api/payment",
        lambda call: payment_form.change(call.services, call.actor, call.body),
        "Give a saved card a label, make it the default, or both.",
        takes=MethodForm,
        gives=PaymentMethod,
        role="admin",
        refuses=STRIPE,
        costs=True,
    ),
    route(
        "DELETE",
        "/api/payment",
        lambda call: payment_form.remove(call.services, call.actor, call.body),
        "A saved card can be charged no more; again is harmless.",
        takes=MethodChoice,
        status=204,
        role="admin",
        refuses=STRIPE,
        costs=True,
    ),
]
