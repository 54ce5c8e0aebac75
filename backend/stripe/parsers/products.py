"""Products: what our prices belong to."""

from backend.stripe.parsers.documented import Identified


class Product(Identified):
    """https://docs.stripe.com/api/products/object, also of one that was deleted."""

    active: bool = False
    deleted: bool = False
