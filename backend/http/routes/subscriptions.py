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
        lambda call: packages.listing(call.database, call.actor),
        "The recurring top-ups that are offered by name.",
        gives=Packages,
    ),
    route(
        "GET",
        "/api/payments/invoices",
        lambda call: invoices.listing(call.services, call.actor, call.body),
        "Invoices and receipts of what was paid, newest first.",
        takes=InvoicesQuery,
        gives=Invoices,
        role="admin",
        refuses=(
            errors.BadCursor,
            *STRIPE,
        ),
        costs=True,
    ),
    route(
        "GET",
        "/api/payments/subscriptions",
        lambda call: subscriptions.listing(call.database, call.actor, call.body),
        "An organization's recurring top-ups.",
        takes=WhichOrganization,
        gives=Subscriptions,
        role="member",
    ),
    route(
        "POST",
        "/api/payments/subscriptions",
        lambda call: subscriptions.start(
            call.services, call.actor, call.body, call.idempotency_key
        ),
        "A recurring top-up, and the link on which it begins.",
        takes=SubscriptionRequest,
        gives=Subscription,
        status=201,
        role="admin",
        key="optional",
        refuses=(
            *ORDER,
            errors.SubscriptionOver,
            errors.SubscriptionCurrency,
        ),
        costs=True,
    ),
    route(
        "GET",
        "/api/payments/subscriptions/{id}",
        lambda call: subscriptions.show(call.database, call.actor, call.id()),
        "A recurring top-up as it stands.",
        gives=Subscription,
        role="member",
    ),
    route(
        "POST",
        "/api/payments/subscriptions/{id}/check",
        lambda call: subscriptions.show_checked(call.services, call.actor, call.id()),
        "A recurring top-up as it stands at Stripe.",
        gives=Subscription,
        role="member",
        refuses=STRIPE,
        costs=True,
    ),
    route(
        "PATCH",
        "/api/payments/subscriptions/{id}",
        lambda call: subscriptions.change(call.services, call.actor, call.id(), call.body),
        "Change the amount of a recurring top-up, pause it or let it go on.",
        takes=SubscriptionChange,
        gives=Subscription,
        role="admin",
        refuses=(
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
        costs=True,
    ),
    route(
        "DELETE",
        "/api/payments/subscriptions/{id}",
        lambda call: subscriptions.cancel(call.services, call.actor, call.id()),
        "End a recurring top-up now.",
        gives=Subscription,
        role="admin",
        refuses=STRIPE,
        costs=True,
    ),
]
