"""Terms of a new subscription: a package's, or those of the request."""

from backend.database.functions.subscriptions import SubscriptionTerms
from backend.database.protocol import Person
from backend.schemas import SubscriptionRequest
from backend.services import Services
from backend.wallets import money


async def in_minor_units(
    services: Services, actor: Person, request: SubscriptionRequest
) -> SubscriptionTerms:
    """Return the terms of a request as SQL takes them, with the amount in minor units.

    Raises what `money.requested_amount` raises, where no package is named.
    """
    payment_method_id = request.payment_method_id
    terms = SubscriptionTerms(
        package_id=str(request.package_id) if request.package_id else None,
        amount=request.amount,
        currency=request.currency,
        interval=request.interval,
        payment_method_id=str(payment_method_id) if payment_method_id else None,
    )
    if request.package_id is None:
        amount = await money.requested_amount(services.database, actor, request)
        terms["amount"], terms["currency"] = amount.amount_minor, amount.currency
    return terms
