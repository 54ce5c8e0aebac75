"""Products that our prices at Stripe belong to: a part of the gateway.

A product that Checkout creates from inline `product_data` is archived at once, and an archived
product takes no new price, so that the amount of a subscription that began on a page could not be
changed. Instead there is one product for all wallets and one for each package, under ids of our
own: it is found by that id, whatever happened to our database or to the process that created it.
https://docs.stripe.com/api/products/create#create_product-id
"""

import hashlib
from typing import Any

import structlog

from backend.failures import StripeRefused
from backend.stripe.answers import result_of
from backend.stripe.errors import is_product_error
from backend.stripe.idempotency_keys import new_idempotency_options
from backend.stripe.parsers.products import Product

log = structlog.get_logger(__name__)

WALLET_PRODUCT = "pursebot_wallet"
WALLET_NAME = "Wallet top-up"
MAX_PRODUCT_IDS = 5  # Stripe may refuse the id of a deleted product
NOT_FOUND = "404"


class StripeProducts:
    """Requests for kept products: that of a package, by its name, or that of all wallets (None)."""

    _stripe: Any  # the v1 services of a StripeClient
    # Ids of products that this process knows to be usable, by the package's first id.
    _usable_products: dict[str, str]

    async def ensure_product(self, package: str | None) -> str:
        """Return the product's id; create or unarchive it where that is needed.

        Raises StripeRefused, StripeUnavailable.
        """
        base = product_id(package)
        if base not in self._usable_products:
            await self._ensure_usable_product(base, package or WALLET_NAME)
        return self._usable_products[base]

    async def repair_product(self, package: str | None, refused: StripeRefused) -> bool:
        """Return whether a refused request may be repeated, after ensuring a usable product.

        Somebody may have archived or deleted it in the dashboard since it was last fetched.
        """
        if refused.details.get("stripe_status") not in ("400", NOT_FOUND):
            return False
        before = self._usable_products.pop(product_id(package), None)
        changed = await self._ensure_usable_product(product_id(package), package or WALLET_NAME)
        another = before != self._usable_products[product_id(package)]
        return changed or another or is_product_error(refused.details)

    async def _ensure_usable_product(self, base: str, name: str) -> bool:
        """Ensure a usable product under `base` or the next id; return whether one was changed."""
        for number in range(1, MAX_PRODUCT_IDS + 1):
            id = base if number == 1 else f"{base}_{number}"
            product = await self._get_product(id)
            changed = product is None or not product.active
            if product is None:
                product = await self._create_product(id, name)
            elif changed:
                product = await result_of(
                    Product,
                    self._stripe.products.update_async(
                        id, {"active": True}, new_idempotency_options()
                    ),
                )
                log.warning("product_unarchived", product=id)
            if product and product.active:
                self._usable_products[base] = id
                return changed
        raise StripeRefused(stripe_code="product_inactive")

    async def _get_product(self, id: str) -> Product | None:
        """Fetch a product; None if there is none, or it was deleted."""
        try:
            product = await result_of(Product, self._stripe.products.retrieve_async(id), quiet=True)
        except StripeRefused as refused:
            if refused.details["stripe_status"] == NOT_FOUND:
                return None
            raise
        return None if product.deleted else product

    async def _create_product(self, id: str, name: str) -> Product | None:
        """Create a product, or fetch the one that another process created meanwhile."""
        try:
            return await result_of(
                Product,
                self._stripe.products.create_async(
                    {"id": id, "name": name}, new_idempotency_options()
                ),
            )
        except StripeRefused as refused:
            if refused.facts["stripe_code"] == "resource_already_exists":
                return await self._get_product(id)
            raise


def product_id(package: str | None) -> str:
    """Return the id of a package's product: the same for the same name, in every installation."""
    if package is None:
        return WALLET_PRODUCT
    return f"pursebot_package_{hashlib.sha256(package.encode()).hexdigest()[:16]}"
