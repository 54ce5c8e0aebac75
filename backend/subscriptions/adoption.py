"""Subscriptions at Stripe that this database lacks: it was restored to before they began."""

from uuid import UUID

from backend.database.functions import (
    dead_letters as sql_dead_letters,
    subscriptions as sql_subscriptions,
)
from backend.database.functions.dead_letters import AdoptedSubscription
from backend.errors import NotFound
from backend.operator_errors import CannotBeAccepted
from backend.services import Services
from backend.stripe.metadata import SUBSCRIPTION_METADATA, metadata_id, organization_in
from backend.stripe.parsers.facts import Fact, InvoiceFact, RefetchFact, SubscriptionFact


async def adopt_subscription(
    services: Services, fact: Fact, *, organization_id: UUID | None, dry_run: bool
) -> AdoptedSubscription | None:
    """Create the subscription of an event from Stripe's; None where the event is about no such one.

    It is the organization's that has Stripe's customer, or else the named one's. Raises
    CannotBeAccepted, OrganizationNeeded, StripeRefused, StripeUnavailable.
    """
    stripe_id = await lost_subscription(services, fact)
    if stripe_id is None:
        return None
    at_stripe = await services.stripe.get_subscription(stripe_id)
    item, *more = at_stripe.items.data
    id = metadata_id(at_stripe.metadata, SUBSCRIPTION_METADATA)
    if id is None or more or item.price.unit_amount is None or item.price.recurring is None:
        raise CannotBeAccepted(reason="it is not as Pursebot begins one")
    return await sql_dead_letters.adopt_subscription(
        services.database,
        at_stripe={
            "id": id,
            "stripe_subscription_id": at_stripe.id,
            "stripe_customer_id": at_stripe.customer,
            "metadata_organization_id": organization_in(
                at_stripe.metadata, services.stripe.installation_id
            ),
            "amount": item.price.unit_amount,
            "currency": item.price.currency,
            "interval": item.price.recurring.interval,
            "stripe_payment_method_id": at_stripe.default_payment_method,
        },
        organization_id=organization_id,
        dry_run=dry_run,
    )


async def lost_subscription(services: Services, fact: Fact) -> str | None:
    """Return Stripe's id of an event's subscription, if it is ours and this database lacks it."""
    if not isinstance(fact, SubscriptionFact | InvoiceFact | RefetchFact):
        return None
    if fact.subscription_id is None:
        return None
    stripe_id = fact.object_id if isinstance(fact, RefetchFact) else fact.stripe_subscription_id
    if isinstance(fact, RefetchFact) and fact.kind == "invoice":
        details = (await services.stripe.get_invoice(fact.object_id)).subscription_details
        stripe_id = details.subscription if details else None
    try:
        await sql_subscriptions.get_subscription_for_service(
            services.database,
            subscription_id=UUID(fact.subscription_id),
            stripe_subscription_id=stripe_id,
        )
    except NotFound:
        return stripe_id
    return None
