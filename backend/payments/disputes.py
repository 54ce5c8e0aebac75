"""Disputes: fetch how one stands at Stripe, and apply that as an event of our own."""

from backend.payments import settlement
from backend.services import Services
from backend.stripe.parsers.disputes import parse_refetched_dispute
from backend.stripe.parsers.facts import DisputeFact, DisputeStep


async def fetch_dispute(
    services: Services, stripe_dispute_id: str, step: DisputeStep | None = None
) -> DisputeFact:
    """Fetch a dispute with its charge, as a fact; `step` is the movement that an event reports.

    Raises StripeRefused, StripeUnavailable.
    """
    dispute = await services.stripe.get_dispute(stripe_dispute_id)
    charge = await services.stripe.get_charge(dispute.charge)
    return parse_refetched_dispute(dispute, charge, step)


async def reconcile_dispute(services: Services, stripe_dispute_id: str) -> None:
    """Refetch a dispute whose webhook may have been lost, and apply how it stands.

    Raises StripeRefused, StripeUnavailable, EventNotApplied.
    """
    fact = await fetch_dispute(services, stripe_dispute_id)
    state = f"{fact.id}:{fact.status}:{fact.movements}:{fact.amount_minor}"
    await settlement.receive_refetched(services, state, services.stripe.livemode, fact)
