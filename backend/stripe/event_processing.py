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
from backend.stripe.answers import logged_silence
from backend.stripe.errors import is_no_answer
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

# Facts that only name objects whose state is to be refetched, beyond the event's own object.
Hint = ChargeFact | MethodFact | SubscriptionFact | InvoiceFact
# The reason of a failed event or dead letter whose handling a bug of ours ended.
OUR_BUG: Final = PursebotError.code


async def resolve_event(
    services: Services, result: EventResult, *, waiting: bool = True
) -> EventResult:
    """Refetch what an event needs, and return what became of it in the end.

    With `waiting`, Stripe waits for the response, and a failure is raised where it helps that
    Stripe repeats the event: see `is_left_to_stripe`. Any other failure is recorded with the event.
    A bug of ours is recorded and raised. In all cases the reconciler goes on with an event that has
    no answer yet; where Stripe has no such object, it is a dead letter at once. While Stripe gives
    no answer at all, however long, the event waits; the log has one line about that.
    """
    if result.fact is None:
        return result
    fact = stored_fact(result.fact)
    with (
        structlog.contextvars.bound_contextvars(event_id=result.id),
        logged_silence(is_logged=result.unanswered),
    ):
        try:
            return await refetch_event(services, result, fact)
        except (StripeRefused, StripeUnavailable, EventNotApplied) as failure:
            if waiting and is_left_to_stripe(failure, fact):
                raise
            return await record_refetch_failure(services, result, failure)
        except Exception as error:
            if not isinstance(error, PursebotError):  # of the database's, nothing can be recorded
                await sql_stripe_events.mark_event_refetch_failed(
                    services.database, event_id=result.id, reason=OUR_BUG
                )
            raise


def is_left_to_stripe(failure: PursebotError, fact: Fact) -> bool:
    """Return whether Stripe is to repeat a delivery whose refetch failed.

    Not where Stripe's answer would be the same, and not of an object that is always refetched:
    Stripe disables an endpoint that keeps failing.
    """
    is_passing = isinstance(failure, StripeUnavailable) and is_no_answer(failure)
    return is_passing and not isinstance(fact, RefetchFact)


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
    result = await sql_stripe_events.mark_event_refetched(services.database, event_id=result.id)
    record_result(services, result)
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
    services: Services, before: EventResult, failure: PursebotError
) -> EventResult:
    """Record that a refetch failed, and why; return the event as it is then.

    It has a line in the log if it is a dead letter now, or if the failure has none and is not that
    Stripe still gives no answer.
    """
    reason = failure.facts.get("stripe_code", failure.code)
    if is_no_answer(failure):
        reason = StripeUnavailable.code
    elif isinstance(failure, StripeObjectUnreadable):
        reason = f"unreadable_{failure.details['stripe_object']}"
    result = await sql_stripe_events.mark_event_refetch_failed(
        services.database, event_id=before.id, reason=reason
    )
    is_change = not (before.unanswered and result.unanswered)
    if result.state == "dead_letter" or (is_change and not failure.was_logged()):
        record_result(services, result)
    return result
