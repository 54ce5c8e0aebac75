"""Processing of recorded events: refetch what an event needs, and apply events again.

Where an event does not suffice, Stripe is asked, and its answer applied. An event without its
answer is still to be refetched: its repeat, or the reconciler by `reapply_event`, goes on with it.
"""

from typing import Final

import structlog

from backend.database.functions import stripe_events as sql_stripe_events
from backend.database.functions.stripe_events import EventResult
from backend.errors import PursebotError
from backend.failures import (
    EventNotApplied,
    StripeObjectUnreadable,
    StripeRefused,
    StripeUnavailable,
)
from backend.payment_methods import sync
from backend.payments import refunds
from backend.payments.settlement import record_result
from backend.services import Services
from backend.stripe.parsers.facts import (
    ChargeFact,
    Fact,
    InvoiceFact,
    MethodFact,
    RefetchFact,
    SubscriptionFact,
    stored_fact,
)
from backend.stripe.refetch import refetch
from backend.subscriptions import stripe_state

log = structlog.get_logger(__name__)

# Facts that only name objects whose state is to be refetched, beyond the event's own object.
Hint = ChargeFact | MethodFact | SubscriptionFact | InvoiceFact
# The reason of a failed event or dead letter whose handling a bug of ours ended.
OUR_BUG: Final = PursebotError.code


async def resolve_event(
    services: Services, result: EventResult, *, waiting: bool = True
) -> EventResult:
    """Refetch what an event needs, and return what became of it in the end.

    With `waiting`, Stripe waits for the response and repeats the event after an error: a bug of
    ours is raised, and StripeUnavailable, unless the fact is a RefetchFact. Without it, a bug is
    logged here. In all cases the reconciler goes on with an event that has no answer yet; where
    Stripe has no such object, it is a dead letter at once.
    """
    if result.fact is None:
        return result
    try:
        return await refetch_event(services, result, stored_fact(result.fact))
    except StripeObjectUnreadable as unreadable:  # a repeat of the delivery would not help
        return await record_refetch_failure(services, result.id, unreadable)
    except StripeUnavailable as failure:
        if waiting and not isinstance(stored_fact(result.fact), RefetchFact):
            raise
        return await record_refetch_failure(services, result.id, failure)
    except (StripeRefused, EventNotApplied) as failure:
        return await record_refetch_failure(services, result.id, failure)
    except PursebotError:
        raise
    except Exception:
        failed = await sql_stripe_events.mark_event_refetch_failed(
            services.database, event_id=result.id, reason=OUR_BUG
        )
        if waiting:
            raise
        log.exception("stripe_event_crashed", event_id=result.id)
        services.metrics.bugs.labels("reconciler").inc()
        return failed


async def reapply_event(services: Services, event_id: str) -> None:
    """Go on with an event that failed, or whose refetch has not succeeded."""
    result = await sql_stripe_events.reapply_event(services.database, event_id=event_id)
    services.wakeup.wake()
    record_result(services, result)
    await resolve_event(services, result, waiting=False)


async def refetch_event(services: Services, result: EventResult, fact: Fact) -> EventResult:
    """Refetch what an event's fact is about, and apply it. Raises what `refetch` raises."""
    if not isinstance(fact, Hint):
        fetched = await refetch(services, fact, result.payment_id)
        result = await sql_stripe_events.apply_refetched_event(
            services.database, event_id=result.id, fact=fetched
        )
        services.wakeup.wake()
        record_result(services, result)
        if result.fact is None:
            return result
        fact = stored_fact(result.fact)
    await refetch_related(services, fact, result.id)
    await sql_stripe_events.mark_event_refetched(services.database, event_id=result.id)
    return result


async def refetch_related(services: Services, fact: Fact, event_id: str) -> None:
    """Refetch the objects that a hint names, and apply their state.

    Raises EventNotApplied where an answer could not be applied yet.
    """
    match fact:
        case ChargeFact(stripe_payment_intent_id=str(stripe_payment_intent_id)):
            await refunds.refetch_refunds(services, stripe_payment_intent_id, fact.livemode)
        case MethodFact():
            await sync.sync_after_event(services, fact, event_id)
        case SubscriptionFact():
            await stripe_state.refetch_after_event(services, fact)
        case InvoiceFact():
            await stripe_state.refetch_invoice(services, fact)


async def record_refetch_failure(
    services: Services, event_id: str, failure: PursebotError
) -> EventResult:
    """Record that a refetch failed, and why; return the event as it is then."""
    log.error("refetch_failed", event_id=event_id, code=failure.code, **failure.facts)
    reason = failure.facts.get("stripe_code", failure.code)
    if isinstance(failure, StripeObjectUnreadable):
        reason = f"unreadable_{failure.details['stripe_object']}"
    return await sql_stripe_events.mark_event_refetch_failed(
        services.database, event_id=event_id, reason=reason
    )
