"""What the page of events shows: each event's payload as it was posted, and its deliveries."""

from typing import Annotated

from pydantic import Field

from sandbox.masking import mask_json
from sandbox.store import Json
from sandbox.stripe.api_versions import thin_event
from sandbox.stripe.deliveries import Delivery
from sandbox.stripe.local_stripe import LocalStripe

Limit = Annotated[int, Field(ge=1, le=1000)]
NOT_POSTED = "not posted"


async def list_event_views(stripe: LocalStripe, search: str = "", limit: Limit = 100) -> Json:
    """Return `{"events", "has_more"}`: the newest events that have this text, newest first.

    The text is looked for in the payload and in the deliveries. Each event has its `id`, `type`,
    `created` (seconds of the epoch), `subject` (the id of its object), `state` of the delivery,
    number of `attempts`, and the last one's `status` and `error`.
    """
    rows = [*stripe.store.search("event", "delivery", search, limit + 1)]
    views = [_view(event, stored) for event, stored in rows[:limit]]
    return {"events": views, "has_more": len(rows) > limit}


def _view(event: Json, stored: Json | None) -> Json:
    delivery = Delivery.model_validate(stored) if stored else None
    last = delivery.attempts[-1] if delivery and delivery.attempts else None
    return {
        "id": event["id"],
        "type": event["type"],
        "created": delivery.created if delivery else event["created"],
        "subject": event["data"]["object"].get("id"),
        "state": delivery.state if delivery else NOT_POSTED,
        "attempts": len(delivery.attempts) if delivery else 0,
        "status": last.status if last else None,
        "error": last.error if last else None,
    }


async def get_event_view(stripe: LocalStripe, id: str) -> Json:
    """Return `{"event", "url", "payload", "delivery"}` of one event, its secrets masked.

    `payload` is what is posted to `url`: the event, or its thin form. `delivery` has the fields of
    `Delivery`, its `attempts` with the backend's responses; None for an event that was not posted.
    Raises Refusal (404) where there is no such event.
    """
    event, stored = stripe.stored("event", id), stripe.store.get("delivery", id)
    is_thin = stored is not None and stored["thin"]
    view = {
        "event": _view(event, stored),
        "url": stripe.settings.webhook_url,
        "payload": thin_event(event) if is_thin else event,
        "delivery": stored,
    }
    return dict(mask_json(view))
