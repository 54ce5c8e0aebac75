"""Events whose webhook got lost: read Stripe's list in time windows, oldest first, and apply them.

Stripe lists events newest first, for 30 days: https://docs.stripe.com/api/events/list. A window is
as long as one page takes it, so that after an outage of any length little is held in memory, and
what was caught up with stays so: the cursor moves after each window.
"""

import time
from dataclasses import dataclass
from typing import Final

import structlog
from pydantic import ValidationError

from backend.database.functions import stripe_events as sql_stripe_events
from backend.database.functions.stripe_events import ReceivedEvent
from backend.schemas import Json
from backend.services import Services
from backend.stripe import webhooks
from backend.stripe.client import MAX_TYPES, EventsPage
from backend.stripe.events import EVENT_TYPES, parse_event, refetch_request, to_received_event
from backend.stripe.parsers.events import StripeEvent
from backend.stripe.reconciler_failures import caught_failure

log = structlog.get_logger(__name__)

EVENTS_AT_ONCE: Final = 50  # in one page, and in one transaction
# Stripe's events may become visible later than their `created`: a little later in every round, and
# up to an hour later in some of them, of which every event was read before.
RECENT_SECONDS: Final = 120
OVERLAP_SECONDS: Final = 3600
_TYPES: Final = sorted(EVENT_TYPES)
TYPES_OF_A_LIST: Final = [
    _TYPES[first : first + MAX_TYPES] for first in range(0, len(_TYPES), MAX_TYPES)
]


@dataclass(frozen=True)
class Window:
    """A part of Stripe's list: events created from `since` on, and before `until`, if there is one.

    Both in seconds since 1970.
    """

    since: int
    until: int | None


@dataclass(frozen=True)
class Reading:
    """What came of reading Stripe's list: how many events were new, and whether all were read."""

    events: int
    is_complete: bool


async def receive_missed_events(
    services: Services, *, overlap_seconds: int, stop_at: float
) -> Reading:
    """Apply what Stripe lists since the cursor, less `overlap_seconds`, in windows, oldest first.

    The cursor is the time of a reading, not of an event: a new webhook after an outage must not
    hide what was missed. It moves after each window, all of whose events are recorded then. After
    `stop_at` (of `time.monotonic`) no window is begun but the first. Raises StripeRefused,
    StripeUnavailable, DatabaseUnavailable: what was read until then stays applied.
    """
    began = int(time.time())
    cursor = await sql_stripe_events.get_events_cursor(services.database)
    since = min(cursor, began) - overlap_seconds
    seconds, number = began - since, 0
    while True:
        is_last = since + seconds >= began
        window = Window(since, None if is_last else since + seconds)
        events = await read_window(services, window, is_shortest=seconds <= 1)
        if events is None:
            seconds = max(min(seconds, began - since) // 2, 1)
            continue
        await apply_events(services, events)
        number += len(events)
        await sql_stripe_events.advance_events_cursor(
            services.database, read_until=window.until or began
        )
        if is_last:
            return Reading(number, is_complete=True)
        if time.monotonic() > stop_at:
            return Reading(number, is_complete=False)
        since += seconds
        if len(events) < EVENTS_AT_ONCE // 2:
            seconds *= 2


async def read_window(
    services: Services, window: Window, *, is_shortest: bool
) -> list[ReceivedEvent] | None:
    """Read the new events of a window, oldest first; None where they are more than one page.

    The shortest window is read page after page; of each page only the facts stay in memory.
    """
    pages = [await list_page(services, window, types) for types in TYPES_OF_A_LIST]
    if not is_shortest and any(page.has_more for page in pages):
        return None
    events: list[ReceivedEvent] = []
    while pages:
        page = pages.pop()
        events += await parse_new_events(services, page.events)
        if page.has_more:
            pages.append(await list_page(services, window, page.types, page.events[-1]["id"]))
    events.reverse()  # of one second the newest is first
    return sorted(events, key=lambda event: event.created)


async def list_page(
    services: Services, window: Window, types: list[str], after: str | None = None
) -> EventsPage:
    """List one page of a window's events of these types, newest first."""
    return await services.stripe.list_events(
        types, since=window.since, until=window.until, after=after, max_events=EVENTS_AT_ONCE
    )


async def parse_new_events(services: Services, sources: list[Json]) -> list[ReceivedEvent]:
    """Parse those of Stripe's events that are not handled yet, in the same order."""
    handled = await sql_stripe_events.list_handled_events(
        services.database, event_ids=[str(source.get("id")) for source in sources]
    )
    events = [parse_listed(services, each) for each in sources if each.get("id") not in handled]
    return [event for event in events if event is not None]


def parse_listed(services: Services, source: Json) -> ReceivedEvent | None:
    """Parse an event of Stripe's list; None, and a log line, if it is not as documented.

    Where a bug of ours ends the parsing, its object is to be refetched, so that it stops no other
    event and is not lost.
    """
    try:
        event = StripeEvent.model_validate(source)
    except ValidationError as error:
        log.error("stripe_event_malformed", problems=error.error_count())
        return None
    try:
        return to_received_event(event, parse_event(event))
    except Exception:
        log.exception("stripe_event_crashed", event_id=event.id)
        services.metrics.bugs.labels("reconciler").inc()
        return to_received_event(event, refetch_request(EVENT_TYPES[event.type], event.data.object))


async def apply_events(services: Services, events: list[ReceivedEvent]) -> None:
    """Record and apply events in batches; one that cannot be applied stops no other.

    Raises DatabaseUnavailable where not even that can be recorded.
    """
    for first in range(0, len(events), EVENTS_AT_ONCE):
        batch = events[first : first + EVENTS_AT_ONCE]
        try:
            await webhooks.receive_events(services, batch, waiting=False)
        except Exception:  # each is applied alone, and says why it cannot be
            for event in batch:
                await apply_alone(services, event)


async def apply_alone(services: Services, event: ReceivedEvent) -> None:
    """Record and apply an event; where that raises, record it as failed and log why.

    So the cursor can move: the reconciler comes back to the event by its id. Raises
    DatabaseUnavailable where it cannot be recorded.
    """
    with caught_failure(services, "events", event.id) as failure:
        await webhooks.receive_events(services, [event], waiting=False)
    if failure.code is not None:
        await sql_stripe_events.record_failed_event(
            services.database, event=event, reason=failure.code
        )
