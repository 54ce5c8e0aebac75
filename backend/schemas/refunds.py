"""Clawbacks: refunds, and disputes of payers' banks."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from backend.schemas.model import AmountText, Model
from backend.schemas.money import Money


class RefundRequest(Model):
    """POST /api/payments/{id}/refund. `amount` in major units; without one, all that is left."""

    amount: AmountText | None = None
    reason: Literal["duplicate", "fraudulent", "requested_by_customer"] | None = None


class Refund(Model):
    """A refund to the payer.

    `requested`: Stripe has not answered yet. `pending` and `requires_action`: out of the wallet,
    but not with the payer. `failed` and `canceled`: in the wallet again; `failure` is Stripe's code
    for why. `refunded_by` is None where it was made in Stripe's dashboard.
    """

    id: UUID
    payment_id: UUID
    money: Money
    status: Literal["requested", "pending", "requires_action", "succeeded", "failed", "canceled"]
    reason: str | None
    failure: str | None
    refunded_by: str | None
    created_at: datetime


class Dispute(Model):
    """A dispute: the payer's bank wants the money back.

    `status` and `reason` are Stripe's; it is answered in Stripe's dashboard, until `due_by`.
    `withdrawn`: it was taken out of the wallet, and `reinstated`: put back.
    """

    stripe_dispute_id: str
    money: Money
    status: str
    reason: str | None
    due_by: datetime | None
    withdrawn: bool
    reinstated: bool
