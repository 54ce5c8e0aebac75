"""Parameters that several calls of Stripe's API take, and the parsing of its form encoding.

A call's signature lists what it takes here: a missing or wrong parameter is a 400, any other one a
501. Amounts are in the charge unit, times in seconds of the epoch.
"""

from collections.abc import Callable
from typing import Annotated, Any, Literal
from urllib.parse import parse_qsl

from pydantic import BeforeValidator, Field

from sandbox.refusals import StrictModel
from sandbox.store import Json

A_DAY = 86_400  # seconds

Call = Callable[..., Json]  # of the API: takes the local Stripe and the call's parameters


def _as_list(form: Any) -> Any:
    """Return the list that a form writes as `items[0]=...&items[1]=...`."""
    return list(form.values()) if isinstance(form, dict) else form


FormList = BeforeValidator(_as_list)
WholeNumber = Annotated[int, Field(ge=0, le=2**53)]
PositiveNumber = Annotated[int, Field(ge=1, le=2**53)]
Text = Annotated[str, Field(min_length=1, max_length=5000)]
Url = Annotated[str, Field(pattern=r"^https?://[^/\s]+")]
Metadata = dict[str, Annotated[str, Field(max_length=500)]]
Limit = Annotated[int, Field(ge=1, le=100)]
TrueText = Literal["true"]
ExpandPaths = Annotated[list[str], FormList]
Interval = Literal["week", "month"]


class PriceData(StrictModel):
    """An inline price (https://docs.stripe.com/products-prices/manage-prices).

    `product` is an id; without one a product is made of `product_data`.
    """

    currency: str
    unit_amount: WholeNumber
    product_data: dict[Literal["name"], Text] = Field(default={"name": "Top-up"})
    product: str | None = None  # its id; without one a product is made of `product_data`
    recurring: dict[Literal["interval"], Interval] | None = None


class LineItem(StrictModel):
    """A line of a session or subscription; `id` is that of a subscription's item to change."""

    id: str | None = None
    quantity: Annotated[int, Field(ge=1)] = 1
    price_data: PriceData


OneLineItem = Annotated[list[LineItem], FormList, Field(min_length=1, max_length=1)]


class IntentData(StrictModel):
    """Fields of the payment intent or subscription to be made."""

    description: Text | None = None
    metadata: Metadata = Field(default={})


def decode_form(form: str) -> Json:
    """Parse a query or a body as nested dicts of text: `a[b][0]=1` is `{"a": {"b": {"0": "1"}}}`.

    Requests are form-encoded: https://docs.stripe.com/api.
    """
    root: Json = {}
    for key, value in parse_qsl(form, keep_blank_values=True):
        *outer, last = key.replace("]", "").split("[")
        current = root
        for part in outer:
            current = current.setdefault(part, {})
        current[last] = value
    return root
