"""Products, to which inline prices and pages belong, and the dashboard's changes of them."""

import time
from typing import Annotated, Literal

from pydantic import Field

from sandbox.refusals import Refusal
from sandbox.store import Json
from sandbox.stripe.local_stripe import LocalStripe
from sandbox.stripe.objects import new
from sandbox.stripe.parameters import Text

OwnId = Annotated[str, Field(pattern=r"^[a-zA-Z0-9_-]{1,255}$")]


def create_product(stripe: LocalStripe, *, name: Text, id: OwnId | None = None) -> Json:
    """Answer POST /v1/products, with an id of the caller's own where there is one.

    https://docs.stripe.com/api/products/create. Raises Refusal (400) for an id in use.
    """
    existing = stripe.store.get("product", id) if id else None
    if existing and not existing.get("deleted"):
        raise Refusal(400, "Product already exists.", code="resource_already_exists", param="id")
    product = new("product", name=name, updated=int(time.time()))
    if id:
        product["id"] = id
    return _save_product(stripe, product)


def retrieve_product(stripe: LocalStripe, id: str) -> Json:
    """Answer GET /v1/products/{id}. Raises Refusal (404) for a deleted one."""
    return existing_product(stripe, id, "id")


def update_product(
    stripe: LocalStripe, id: str, *, active: Literal["true", "false"] | None = None
) -> Json:
    """Answer POST /v1/products/{id}: archive a product, or bring it back."""
    product = existing_product(stripe, id, "id")
    if active:
        product["active"] = active == "true"
    return _save_product(stripe, product)


def update_price(stripe: LocalStripe, id: str) -> Json:
    """Answer POST /v1/prices/{id} with the price: prices are made inline here, and never change."""
    return stripe.stored("price", id)


def existing_product(stripe: LocalStripe, id: str, param: str) -> Json:
    """Return a product. Raises Refusal (404), which names `param`, for a deleted one too."""
    product = stripe.store.get("product", id)
    if product is None or product.get("deleted"):
        message = f"No such product: '{id}'"
        raise Refusal(404, message, code="resource_missing", param=param)
    return product


def product_of_price(stripe: LocalStripe, id: str | None, name: str, param: str) -> Json:
    """Return the product of an inline price; without `id`, a new one with this name.

    A product that is made inline is archived at once
    (https://docs.stripe.com/products-prices/manage-prices). Raises Refusal, which names the
    parameter `param`, for one that is archived or not there.
    """
    if id is None:
        made = new("product", name=name, updated=int(time.time()), active=False)
        return _save_product(stripe, made)
    product = existing_product(stripe, id, param)
    if not product["active"]:
        message = f"The product {product['id']} is marked as inactive, and takes no new prices."
        raise Refusal(400, message, param=param)
    return product


async def archive(stripe: LocalStripe, id: str, active: bool = False) -> Json:
    """Archive a product as the dashboard does, or bring it back."""
    return _save_product(stripe, existing_product(stripe, id, "id") | {"active": active})


async def delete(stripe: LocalStripe, id: str) -> Json:
    """Delete a product as the dashboard does."""
    product = existing_product(stripe, id, "id")
    _save_product(stripe, product | {"deleted": True})
    return {"id": id, "deleted": True}


def _save_product(stripe: LocalStripe, product: Json) -> Json:
    """Keep a product as it is now and return it; events of products are not modelled."""
    stripe.keep(product)
    return product
