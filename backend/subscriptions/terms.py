"""What a subscription is asked for: a package, or an amount of its own."""

from backend.database.functions.subscriptions import SubscriptionTerms
from backend.database.protocol import Person
from backend.payments import new_payment
from backend.schemas import SubscriptionRequest
from backend.services import Services


async def in_minor_units(
    services: Services, actor: Person, wanted: SubscriptionRequest
) -> SubscriptionTerms:
    """What is asked for, as SQL takes it: the amount in minor units where there is no package."""
    card = wanted.payment_method_id
    terms = SubscriptionTerms(
        package_id=str(wanted.package_id) if wanted.package_id else None,
        amount=wanted.amount,
        currency=wanted.currency,
        interval=wanted.interval,
        payment_method_id=str(card) if card else None,
    )
    if wanted.package_id is None:
        terms["amount"], terms["currency"] = await new_payment.priced(services, actor, wanted)
    return terms
