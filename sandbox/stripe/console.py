"""Lists and actions of the console (sessions, deliveries, faults), and the files of all pages."""

import time
from typing import Any

from sandbox.store import Json
from sandbox.stripe.hosted_page import session_view
from sandbox.stripe.local_stripe import LocalStripe

SESSIONS_SHOWN = 50


async def list_session_views(stripe: LocalStripe) -> Json:
    """Return `{"sessions": [...]}`: the newest 50, newest first, as pages show them."""
    sessions = stripe.newest("checkout.session")[:SESSIONS_SHOWN]
    return {"sessions": [session_view(stripe, session) for session in sessions]}


async def list_deliveries(stripe: LocalStripe) -> Json:
    """Return `{"deliveries": [...]}`: every event, newest first, with the fields of `Delivery`.

    Each has its `state` too: delivered, retrying, waiting, dropped or not selected. The backend's
    responses are those of `event_pages.get_event_view`.
    """
    deliveries = stripe.deliveries.newest()
    without = {"attempts": {"__all__": {"response"}}}
    return {
        "deliveries": [
            each.model_dump(exclude=without) | {"state": each.state} for each in deliveries
        ]
    }


async def deliver_again(stripe: LocalStripe, id: str, after: float = 0) -> Json:
    """Post an event once more, in `after` seconds; return `{"event", "after"}`."""
    stripe.deliveries.post_again(id, time.time() + after)
    return {"event": id, "after": after}


async def get_faults(stripe: LocalStripe) -> Json:
    """Return the faults in force, with the counts that are left."""
    return stripe.faults.model_dump()


async def set_faults(stripe: LocalStripe, **body: Any) -> Json:
    """Set the faults that the body names, or end all; return those in force."""
    stripe.faults = stripe.faults.changed_by(body)
    return stripe.faults.model_dump()


FILES = (
    "sandbox.css",
    "pay.css",
    "pay.js",
    "portal.js",
    "console.css",
    "console.js",
    "console_faults.js",
    "records.css",
    "records.js",
    "events.js",
)
# By path: the file of `pages/`.
PAGES = {
    "/pay/{id}": "pay.html",
    "/portal/{id}": "portal.html",
    "/console": "console.html",
    "/events": "events.html",
    **{f"/{name}": name for name in FILES},
}
