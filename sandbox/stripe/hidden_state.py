"""What stands beside a session or an intent and which Stripe never shows.

It is kept in the store under the id of the session or the intent.
"""

from typing import Literal

from pydantic import Field

from sandbox.refusals import StrictModel
from sandbox.store import Json
from sandbox.stripe.published_methods import Step

EXPIRE: Literal["expire"] = "expire"


class Due(StrictModel):
    """What time will do to a payment, or that it expires its session; `at` in epoch seconds."""

    at: float
    step: Step | Literal["expire"]
    card: str | None = None  # the number that was tried


class Item(StrictModel):
    """A line of a page; `amount` is in the charge unit."""

    description: str | None
    quantity: int
    amount: int


class Price(StrictModel):
    """What a subscription will cost for each interval; `unit_amount` is in the charge unit."""

    currency: str
    unit_amount: int
    product: str  # its id
    interval: str  # week or month


class HiddenState(StrictModel):
    """The state of one page. `page` is the id of its session, or of an intent that has none."""

    page: str
    items: list[Item]
    intent: Json = Field(default={})  # fields that the payment intent, or subscription, will carry
    due: Due | None = None
    price: Price | None = None  # of the subscription that begins here
    interval: str | None = None  # in which what is paid here recurs
    invoice: str | None = None  # that is paid here
    first_intent: str | None = None  # of the first invoice, where a subscription begins here
    return_url: str = ""  # where an intent's page leads back to
    next_action: Json | None = None  # of an intent whose page is another site's
