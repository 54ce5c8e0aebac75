"""Products: what inline prices and pages belong to, and what the dashboard does with them."""

import time
from typing import Annotated, Literal

from pydantic import Field

from sandbox.doors import Refusal
from sandbox.store import Json
from sandbox.stripe.objects import new
from sandbox.stripe.sessions import LocalStripe

Name = Annotated[str, Field(min_length=1, max_length=5000)]
OwnId = Annotated[str, Field(pattern=r"^[a-zA-Z0-9_-]{1,255}$")]


def create_product(stripe: LocalStripe, *, name: Name, id: OwnId | None = None) -> Json:
    """POST /v1/products, under an id of the caller's own where one is given."""
    if id and (there := stripe.store.get("product", id)) and not there.get("deleted"):
        raise Refusal(400, "Product already exists.", code="resource_already_exists", param="id")
    product = new("product", name=name, updated=int(time.time()))
    return kept(stripe, product | ({"id": id} if id else {}))


def retrieve_product(stripe: LocalStripe, id: str) -> Json:
    """GET /v1/products/{id}."""
    return existing(stripe, id, "id")


def update_product(
    stripe: LocalStripe, id: str, *, active: Literal["true", "false"] | None = None
) -> Json:
    """POST /v1/products/{id}: into the archive, or out of it."""
    product = existing(stripe, id, "id")
    if active:
        product["active"] = active == "true"
    return kept(stripe, product)


def kept(stripe: LocalStripe, product: Json) -> Json:
    """A product as it is now; events of products are not modelled."""
    stripe.tell([], product)
    return product


def existing(stripe: LocalStripe, id: str, param: str) -> Json:
    """A product that nobody has deleted."""
    product = stripe.store.get("product", id)
    if product is None or product.get("deleted"):
        message = f"No such product: '{id}'"
        raise Refusal(404, message, code="resource_missing", param=param)
    return product


def priced(stripe: LocalStripe, id: str | None, name: str, param: str) -> Json:
    """The product that an inline price belongs to: one that is there, or a new one of that name.

    What is made inline is archived at once: docs.stripe.com/products-prices/manage-prices.
    """
    if id is None:
        made = new("product", name=name, updated=int(time.time()), active=False)
        return kept(stripe, made)
    product = existing(stripe, id, param)
    if not product["active"]:
        message = f"The product {product['id']} is marked as inactive, and takes no new prices."
        raise Refusal(400, message, param=param)
    return product


async def archive(stripe: LocalStripe, id: str, active: bool = False) -> Json:
    """What the dashboard's button does."""
    return kept(stripe, existing(stripe, id, "id") | {"active": active})


async def delete(stripe: LocalStripe, id: str) -> Json:
    """What the dashboard's other button does."""
    product = existing(stripe, id, "id")
    kept(stripe, product | {"deleted": True})
    return {"id": id, "deleted": True}
