"""The state of a session or an intent that Stripe never shows.

It is stored under the id of the session or the intent.
"""

from typing import Literal

from pydantic import Field

from sandbox.refusals import StrictModel
from sandbox.store import Json
from sandbox.stripe.published_methods import Step

EXPIRE: Literal["expire"] = "expire"


class Due(StrictModel):
    """A step of a payment, or the expiry of its session, at a time in seconds of the epoch.

    `card` is the number that was tried.
    """

    at: float
    step: Step | Literal["expire"]
    card: str | None = None


class Item(StrictModel):
    """A line of a page; `amount` is in the charge unit."""

    description: str | None
    quantity: int
    amount: int


class Price(StrictModel):
    """The price of a subscription for each interval; `unit_amount` is in the charge unit.

    `product` is the product's id, `interval` week or month.
    """

    currency: str
    unit_amount: int
    product: str
    interval: str


class HiddenState(StrictModel):
    """The state of one page. `page` is the id of its session, or of an intent that has none.

    `intent` are fields for the payment intent or subscription, `price` is of the subscription that
    starts here, `invoice` the id of the one that is paid here, `first_intent` of the one with which
    a new subscription is to begin. `next_action` is of an intent whose 3-D Secure page is its own.
    """

    page: str
    items: list[Item]
    intent: Json = Field(default={})
    due: Due | None = None
    price: Price | None = None
    interval: str | None = None  # in which what is paid here recurs
    invoice: str | None = None
    first_intent: str | None = None
    return_url: str = ""  # where an intent's page leads back to
    next_action: Json | None = None
