"""Products, which prices belong to."""

from backend.stripe.parsers.documented import Identified


class Product(Identified):
    """A product, also a deleted one: https://docs.stripe.com/api/products/object."""

    active: bool = False
    deleted: bool = False
