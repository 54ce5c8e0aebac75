"""Routes of recurring top-ups: packages, subscriptions, invoices."""

from backend import errors
from backend.http.route import ORDER, STRIPE, Route, route
from backend.schemas import (
    Invoices,
    InvoicesQuery,
    Packages,
    Subscription,
    SubscriptionChange,
    SubscriptionRequest,
    Subscriptions,
    WhichOrganization,
)
from backend.subscriptions import invoices, packages, service as subscriptions

SUBSCRIPTIONS: list[Route] = [
    route(
        "GET",
        "/api/payments/packages",
        lambda call: packages.list_packages(call.database, call.actor),
        "List the recurring top-ups that are offered by name.",
        response_model=Packages,
    ),
    route(
        "GET",
        "/api/payments/invoices",
        lambda call: invoices.list_invoices(call.services, call.actor, call.body),
        "List invoices and receipts of payments that succeeded, newest first.",
        request_model=InvoicesQuery,
        response_model=Invoices,
        role="admin",
        raises=(
            errors.BadCursor,
            *STRIPE,
        ),
        rate_limited=True,
    ),
    route(
        "GET",
        "/api/payments/subscriptions",
        lambda call: subscriptions.list_subscriptions(call.database, call.actor, call.body),
        "List an organization's recurring top-ups.",
        request_model=WhichOrganization,
        response_model=Subscriptions,
        role="member",
    ),
    route(
        "POST",
        "/api/payments/subscriptions",
        lambda call: subscriptions.create_subscription(
            call.services, call.actor, call.body, call.idempotency_key
        ),
        "Create a recurring top-up, and the page on which it begins.",
        request_model=SubscriptionRequest,
        response_model=Subscription,
        status=201,
        role="admin",
        key="optional",
        raises=(
            *ORDER,
            errors.SubscriptionOver,
            errors.SubscriptionCurrency,
        ),
        rate_limited=True,
    ),
    route(
        "GET",
        "/api/payments/subscriptions/{id}",
        lambda call: subscriptions.get_subscription(call.database, call.actor, call.id()),
        "Read a recurring top-up.",
        response_model=Subscription,
        role="member",
    ),
    route(
        "POST",
        "/api/payments/subscriptions/{id}/check",
        lambda call: subscriptions.check_subscription(call.services, call.actor, call.id()),
        "Read a recurring top-up after asking Stripe, every three seconds at most.",
        response_model=Subscription,
        role="member",
        raises=STRIPE,
        rate_limited=True,
    ),
    route(
        "PATCH",
        "/api/payments/subscriptions/{id}",
        lambda call: subscriptions.change_subscription(
            call.services, call.actor, call.id(), call.body
        ),
        "Change the amount of a recurring top-up, pause it or resume it.",
        request_model=SubscriptionChange,
        response_model=Subscription,
        role="admin",
        raises=(
            errors.SubscriptionOver,
            errors.AmountUnreadable,
            errors.AmountAmbiguous,
            errors.AmountTooSmall,
            errors.AmountTooLarge,
            errors.AmountTooPrecise,
            errors.CurrencyUnknown,
            *errors.tree(errors.AmountRefused),
            *STRIPE,
        ),
        rate_limited=True,
    ),
    route(
        "DELETE",
        "/api/payments/subscriptions/{id}",
        lambda call: subscriptions.cancel_subscription(call.services, call.actor, call.id()),
        "Cancel a recurring top-up now.",
        response_model=Subscription,
        role="admin",
        raises=STRIPE,
        rate_limited=True,
    ),
]
