"""The combined form: one address for adding payment methods and for purchases."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, RootModel

from backend.schemas.methods import AddedMethod, MethodChange, NewMethod
from backend.schemas.model import Model
from backend.schemas.payments import ChargeRequest, Checkout, Payment


class AddPaymentMethod(NewMethod):
    """As POST /api/payments/methods."""

    action: Literal["add_payment_method"]


class PurchaseCredits(ChargeRequest):
    """As POST /api/payments/charge with a `payment_method_id`; as .../checkout without one."""

    action: Literal["purchase_credits"]


class PaymentForm(
    RootModel[Annotated[AddPaymentMethod | PurchaseCredits, Field(discriminator="action")]]
):
    """POST /api/payment."""


class PaymentFormAnswer(AddedMethod):
    """What was added, or the link to add it on; what was paid, or the page to pay on."""

    payment: Payment | None = None
    checkout: Checkout | None = None


class MethodForm(MethodChange):
    """PUT /api/payment: as PUT /api/payments/methods/{id}."""

    payment_method_id: UUID


class MethodChoice(Model):
    """DELETE /api/payment?payment_method_id=."""

    payment_method_id: UUID
