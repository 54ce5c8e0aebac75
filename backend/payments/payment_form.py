"""The unified form: the same service functions behind one address, chosen by its `action`."""

from backend import schemas
from backend.database.protocol import Person
from backend.errors import BadRequest
from backend.payment_methods import adding, service as payment_methods
from backend.payments import charges, checkout
from backend.services import Services


async def submit_payment_form(
    services: Services, actor: Person, form: schemas.PaymentForm, key: str | None
) -> schemas.PaymentFormAnswer:
    """Add a payment method, or purchase credits with a saved one or on a page.

    Refuses as the service functions that it calls do.
    """
    request = form.root
    if isinstance(request, schemas.AddPaymentMethod):
        added = await adding.add_payment_method(services, actor, request, key)
        return schemas.PaymentFormAnswer(**dict(added))
    if request.payment_method_id is None:
        if request.reference:
            raise BadRequest(
                "A reference goes with a payment_method_id: a page may be left unpaid."
            )
        return schemas.PaymentFormAnswer(
            checkout=await checkout.create_checkout(services, actor, request, key)
        )
    if key is None:
        raise BadRequest("Send an Idempotency-Key: the same again finds the same, and pays once.")
    return schemas.PaymentFormAnswer(
        payment=await charges.charge_payment_method(services, actor, request, key)
    )


async def change_payment_method(
    services: Services, actor: Person, form: schemas.MethodForm
) -> schemas.PaymentMethod:
    """Give a saved card a label, make it the default, or both. Raises NotFound, RoleTooLow."""
    return await payment_methods.change_payment_method(
        services, actor, form.payment_method_id, form
    )


async def remove_payment_method(
    services: Services, actor: Person, choice: schemas.MethodChoice
) -> None:
    """Remove a saved card; again is harmless. Raises NotFound, StripeRefused."""
    await payment_methods.remove_payment_method(services, actor, choice.payment_method_id)
