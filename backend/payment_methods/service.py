"""Saved payment methods: list, label, set the default, remove.

Stripe first, then our copy (`sync`): whatever is done there, the answer is how it stands then.
"""

from contextlib import suppress
from uuid import UUID

from backend import schemas
from backend.database.functions import payment_methods as sql_payment_methods
from backend.database.functions.payment_methods import SyncScope
from backend.database.protocol import Database, Person
from backend.errors import NotFound
from backend.failures import StripeRefused
from backend.payment_methods.sync import sync_payment_methods
from backend.services import Services


async def list_payment_methods(
    database: Database, actor: Person, query: schemas.WhichOrganization
) -> schemas.PaymentMethods:
    """Return what an organization has saved to pay with. Raises NotFound."""
    rows = await sql_payment_methods.list_payment_methods(
        database, actor, organization_id=query.organization_id
    )
    return schemas.PaymentMethods(methods=rows)


async def get_payment_method(
    services: Services, actor: Person, method_id: UUID
) -> schemas.PaymentMethod:
    """Return a saved payment method, for who can charge it. Raises NotFound, RoleTooLow."""
    return await sql_payment_methods.get_payment_method(
        services.database, actor, payment_method_id=method_id
    )


async def change_payment_method(
    services: Services, actor: Person, method_id: UUID, request: schemas.MethodChange
) -> schemas.PaymentMethod:
    """Give a saved payment method a label, make it the default, or both.

    Raises NotFound, RoleTooLow, StripeRefused, StripeUnavailable.
    """
    if request.label is not None:
        await sql_payment_methods.set_payment_method_label(
            services.database, actor, payment_method_id=method_id, label=request.label
        )
    if request.set_as_default:
        return await set_default_payment_method(services, actor, method_id)
    return await get_payment_method(services, actor, method_id)


async def set_default_payment_method(
    services: Services, actor: Person, method_id: UUID
) -> schemas.PaymentMethod:
    """Make a saved payment method what is paid with unless somebody says otherwise.

    Raises NotFound, also where the customer was deleted at Stripe and its methods with it;
    RoleTooLow, StripeRefused, StripeUnavailable.
    """
    requested = await sql_payment_methods.request_payment_method_change(
        services.database, actor, payment_method_id=method_id, act="default"
    )
    if requested.stripe_customer_id is None:
        raise NotFound(what="payment method")
    await services.stripe.set_default_payment_method(
        requested.stripe_customer_id, requested.stripe_payment_method_id
    )
    await sync_payment_methods(services, {"organization_id": str(requested.organization_id)})
    return await get_payment_method(services, actor, method_id)


async def remove_payment_method(services: Services, actor: Person, method_id: UUID) -> None:
    """Remove a saved payment method, so that nobody can charge it; again is harmless.

    Raises NotFound, RoleTooLow, StripeUnavailable, and StripeRefused where it is still there.
    """
    requested = await sql_payment_methods.request_payment_method_change(
        services.database, actor, payment_method_id=method_id, act="removal"
    )
    if not requested.is_active:
        return
    scope: SyncScope = {"organization_id": str(requested.organization_id)}
    for duplicate in requested.duplicates:
        with suppress(StripeRefused):  # most are gone already
            await services.stripe.detach_payment_method(duplicate)
    try:
        await services.stripe.detach_payment_method(requested.stripe_payment_method_id)
    except StripeRefused:  # perhaps because somebody was faster
        await sync_payment_methods(services, scope)
        if await is_saved(services, actor, method_id):
            raise
    await sync_payment_methods(services, scope)


async def is_saved(services: Services, actor: Person, method_id: UUID) -> bool:
    """Return whether a payment method is still there to be charged. Raises RoleTooLow."""
    try:
        await get_payment_method(services, actor, method_id)
    except NotFound:
        return False
    return True
