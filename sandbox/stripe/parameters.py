"""Parameters that several calls of Stripe's API take.

A call's signature lists what it takes here: a missing or wrong parameter is a 400, any other one a
501. Amounts are in the charge unit, times in seconds of the epoch.
"""

from collections.abc import Callable
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from sandbox.refusals import Refusal, StrictModel
from sandbox.store import Json
from sandbox.stripe.form_encoding import FormList

A_DAY = 86_400  # seconds
MAX_KEYS, MAX_KEY_LENGTH, MAX_VALUE_LENGTH = 50, 40, 500  # of metadata

Call = Callable[..., Json]  # of the API: takes the local Stripe and the call's parameters


def _checked_metadata(metadata: dict[str, str]) -> dict[str, str]:
    """Return metadata without its empty values. Raises Refusal (400) beyond Stripe's limits.

    https://docs.stripe.com/api/metadata
    """
    if len(metadata) > MAX_KEYS:
        message = f"Metadata can have up to {MAX_KEYS} keys, but you've set {len(metadata)}."
        raise Refusal(400, message, param="metadata")
    for key, value in metadata.items():
        for part, text, limit in (("key", key, MAX_KEY_LENGTH), ("value", value, MAX_VALUE_LENGTH)):
            if len(text) > limit:
                raise Refusal(
                    400,
                    f"Metadata {part}s can have up to {limit} characters, but you passed in a"
                    f" {part} that is {len(text)} characters. Invalid {part}: {text}",
                    param="metadata",
                )
    return {key: value for key, value in metadata.items() if value}


WholeNumber = Annotated[int, Field(ge=0, le=2**53)]
PositiveNumber = Annotated[int, Field(ge=1, le=2**53)]
Text = Annotated[str, Field(min_length=1, max_length=5000)]
Url = Annotated[str, Field(pattern=r"^https?://[^/\s]+")]
Metadata = Annotated[dict[str, str], AfterValidator(_checked_metadata)]
Limit = Annotated[int, Field(ge=1, le=100)]
TrueText = Literal["true"]
TextList = Annotated[list[str], FormList]
ExpandPaths = TextList
Interval = Literal["week", "month"]


class ProductData(StrictModel):
    """A product that is made with its price."""

    name: Text


class PriceInterval(StrictModel):
    """How often a price is due."""

    interval: Interval


class PriceData(StrictModel):
    """An inline price on a page (https://docs.stripe.com/products-prices/manage-prices).

    `product` is an id; without one a product is made of `product_data`.
    """

    currency: str
    unit_amount: WholeNumber
    product_data: ProductData | None = None
    product: Text | None = None
    recurring: PriceInterval | None = None


class LineItem(StrictModel):
    """A line of a session."""

    quantity: Annotated[int, Field(ge=1)] | None = None
    price_data: PriceData


class SubscriptionPrice(StrictModel):
    """An inline price of a subscription, always of a product that is there."""

    currency: str
    unit_amount: WholeNumber
    product: Text
    recurring: PriceInterval


class SubscriptionItem(StrictModel):
    """What a subscription is for; `id` is that of the item to change."""

    id: Text | None = None
    quantity: Annotated[int, Field(ge=1)] = 1
    price_data: SubscriptionPrice


OneLineItem = Annotated[list[LineItem], FormList, Field(min_length=1, max_length=1)]
OneItem = Annotated[list[SubscriptionItem], FormList, Field(min_length=1, max_length=1)]


class IntentData(StrictModel):
    """Fields of the payment intent or subscription to be made."""

    description: Annotated[str, Field(min_length=1, max_length=500)] | None = None
    metadata: Metadata = Field(default={})
