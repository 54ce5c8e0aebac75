"""The products that our prices at Stripe belong to: a part of the gateway.

What Checkout makes of inline `product_data` is archived at once, and an archived product takes no
new price, so that the amount of a subscription that began on a page could not be changed. Instead
there is one product for every wallet's money and one a package, each under an id of our own: it is
found again by that id, whatever happened to our database or to the process that made it.
https://docs.stripe.com/api/products/create#create_product-id
"""

import hashlib
from typing import Any

import structlog

from backend.failures import StripeRefused
from backend.stripe.answers import answer, new_key
from backend.stripe.errors import about_product
from backend.stripe.parsers.products import Product

log = structlog.get_logger(__name__)

WALLET_PRODUCT = "pursebot_wallet"
WALLET_NAME = "Wallet top-up"
MOST_IDS = 5  # Stripe might not give the id of a deleted product to another one
NOT_FOUND = "404"


class StripeProducts:
    """Kept products, by the package's name, or None for money of no package."""

    _stripe: Any  # the v1 services of a StripeClient
    _kept: dict[str, str]  # product ids that this process found usable, by the id asked for first

    async def kept_product(self, package: str | None) -> str:
        """The product's id; it is made, or taken out of the archive, when that is needed.

        Raises StripeRefused and StripeUnavailable.
        """
        base = product_id(package)
        if base not in self._kept:
            await self._find_or_make(base, package or WALLET_NAME)
        return self._kept[base]

    async def mend_product(self, package: str | None, refused: StripeRefused) -> bool:
        """Whether a request that Stripe refused may be repeated, with a product that can be used.

        Somebody may have archived or deleted it in the dashboard since we last looked.
        """
        if refused.details.get("stripe_status") not in ("400", NOT_FOUND):
            return False
        before = self._kept.pop(product_id(package), None)
        changed = await self._find_or_make(product_id(package), package or WALLET_NAME)
        another = before != self._kept[product_id(package)]
        return changed or another or about_product(refused.details)

    async def _find_or_make(self, base: str, name: str) -> bool:
        """Have a product under `base`, or the next id that works; whether one was changed."""
        for number in range(1, MOST_IDS + 1):
            id = base if number == 1 else f"{base}_{number}"
            found = await self._product(id)
            changed = found is None or not found.active
            if found is None:
                found = await self._make_product(id, name)
            elif changed:
                found = await answer(
                    Product, self._stripe.products.update_async(id, {"active": True}, new_key())
                )
                log.warning("product_unarchived", product=id)
            if found and found.active:
                self._kept[base] = id
                return changed
        raise StripeRefused(stripe_code="product_inactive")

    async def _product(self, id: str) -> Product | None:
        """A product as it stands; None where there is none, or none any more."""
        try:
            found = await answer(Product, self._stripe.products.retrieve_async(id), quiet=True)
        except StripeRefused as refused:
            if refused.details["stripe_status"] == NOT_FOUND:
                return None
            raise
        return None if found.deleted else found

    async def _make_product(self, id: str, name: str) -> Product | None:
        """A new product; what somebody else made of this id meanwhile is as good."""
        try:
            return await answer(
                Product, self._stripe.products.create_async({"id": id, "name": name}, new_key())
            )
        except StripeRefused as refused:
            if refused.facts["stripe_code"] == "resource_already_exists":
                return await self._product(id)
            raise


def product_id(package: str | None) -> str:
    """The id that a product is made under: the same for the same package, at any time."""
    if package is None:
        return WALLET_PRODUCT
    return f"pursebot_package_{hashlib.sha256(package.encode()).hexdigest()[:16]}"
