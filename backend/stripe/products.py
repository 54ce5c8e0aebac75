"""Requests about products, which our prices at Stripe belong to.

A product that Checkout creates from inline `product_data` is archived at once, and an archived
product takes no new price, so that the amount of a subscription that began on a page could not be
changed. Instead there is one product for all wallets and one for each package, under ids of our
own: it is found by that id, whatever happened to our database or to the process that created it.
https://docs.stripe.com/api/products/create#create_product-id
"""

import hashlib
from typing import Final

import stripe
import structlog

from backend.failures import StripeConflict, StripeRefused
from backend.stripe.answers import result_of
from backend.stripe.connection import StripeConnection
from backend.stripe.errors import is_product_error
from backend.stripe.idempotency_keys import new_idempotency_options
from backend.stripe.parsers.products import Product

log = structlog.get_logger(__name__)

WALLET_PRODUCT: Final = "pursebot_wallet"
WALLET_NAME: Final = "Wallet top-up"
MAX_PRODUCT_IDS: Final = 5  # Stripe may refuse the id of a deleted product
NOT_FOUND: Final = "404"


class StripeProducts(StripeConnection):
    """Requests about the products that we keep: one for all wallets, and one for each package."""

    def __init__(self, client: stripe.StripeClient, public_url: str, livemode: bool) -> None:
        """Start without any product known to be usable."""
        super().__init__(client, public_url, livemode)
        # Ids of products that this process found to be usable, by the id that is tried first.
        self._usable_products: dict[str, str] = {}

    async def ensure_product(self, package: str | None) -> str:
        """Return the id of a package's product, or of all wallets' (None).

        It is created or unarchived where that is needed. Raises StripeRefused, StripeUnavailable.
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
        base = product_id(package)
        id_before = self._usable_products.pop(base, None)
        is_changed = await self._ensure_usable_product(base, package or WALLET_NAME)
        is_another = id_before != self._usable_products[base]
        return is_changed or is_another or is_product_error(refused.details)

    async def _ensure_usable_product(self, base: str, name: str) -> bool:
        """Ensure a usable product under `base` or the next id; return whether one was changed."""
        for number in range(1, MAX_PRODUCT_IDS + 1):
            id = base if number == 1 else f"{base}_{number}"
            product = await self._get_product(id)
            is_changed = product is None or not product.active
            if product is None:
                product = await self._create_product(id, name)
            elif not product.active:
                product = await self._unarchive_product(id)
            if product and product.active:
                self._usable_products[base] = id
                return is_changed
        raise StripeConflict(stripe_code="product_inactive")

    async def _unarchive_product(self, id: str) -> Product:
        request = self._stripe.products.update_async(
            id, {"active": True}, new_idempotency_options()
        )
        product = await result_of(Product, request)
        log.warning("product_unarchived", product=id)
        return product

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
            request = self._stripe.products.create_async(
                {"id": id, "name": name}, new_idempotency_options()
            )
            return await result_of(Product, request)
        except StripeRefused as refused:
            if refused.facts["stripe_code"] == "resource_already_exists":
                return await self._get_product(id)
            raise


def product_id(package: str | None) -> str:
    """Return the id of a package's product: the same for the same name, in every installation."""
    if package is None:
        return WALLET_PRODUCT
    return f"pursebot_package_{hashlib.sha256(package.encode()).hexdigest()[:16]}"
