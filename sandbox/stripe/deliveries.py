"""Events on their way to the backend: signed, posted, tried again, remembered.

Each event has one `delivery` in the store, with these keys:
- `event`, `type`, `created`: the event's id, its type, and when it was posted first
- `next`: when to post it, in seconds of the epoch
- `attempts`: what came of each post, `{at, seconds, status, error}`
- `lose`: how many attempts get lost on the way
- `held`: why it is never posted, or None
- `thin`: whether it is posted as a thin event

Stripe's side is at https://docs.stripe.com/webhooks; its days of retries are pressed into minutes.
"""

import hashlib
import hmac
import json
import time
from functools import partial

from aiohttp import ClientError, ClientSession

from sandbox.settings import SandboxSettings
from sandbox.store import Json, Store
from sandbox.stripe.api_versions import thin_event
from sandbox.stripe.faults import StripeFaults
from sandbox.stripe.scheduler import Scheduler

RETRY_AFTER = (0.5, 1, 2, 5, 10, 30, 60)  # seconds; the last one again and again
OUT_OF_ORDER_GAP = 0.2  # seconds
HEADERS = {
    "Content-Type": "application/json; charset=utf-8",
    "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
}


def signature(payload: bytes, secret: str, at: int) -> str:
    """Return the Stripe-Signature header (https://docs.stripe.com/webhooks#verify-manually).

    `at` is in seconds of the epoch.
    """
    signed = hmac.new(secret.encode(), f"{at}.".encode() + payload, hashlib.sha256)
    return f"t={at},v1={signed.hexdigest()}"


class Deliveries:
    """Posts events within milliseconds, everything at once, and promises no order."""

    _http: ClientSession

    def __init__(self, store: Store, settings: SandboxSettings, scheduler: Scheduler) -> None:
        self._store, self._settings, self._scheduler = store, settings, scheduler

    def open(self, http: ClientSession) -> None:
        """Begin, with what an earlier run left undelivered; what is to come stays in the store."""
        self._http = http
        for _, delivery in self._store.list("delivery"):
            for at in delivery["next"]:
                self._scheduler.at(at, partial(self._attempt, delivery["event"], at))

    def post(self, events: list[Json], faults: StripeFaults) -> None:
        """Deliver the events of one act, in the way that the faults say."""
        now = time.time()
        for place, event in enumerate(events):
            delivery = {
                "event": event["id"],
                "type": event["type"],
                "created": now,
                "held": _why_held(event, faults),
                "lose": faults.fail_first,
                "thin": faults.thin,
                "next": [],
                "attempts": [],
            }
            self._store.put("delivery", event["id"], delivery)
            if delivery["held"]:
                continue
            turn = len(events) - 1 - place if faults.out_of_order else 0
            for _ in range(2 if faults.twice else 1):
                self.schedule(delivery, now + faults.late + turn * OUT_OF_ORDER_GAP)

    def schedule(self, delivery: Json, at: float) -> None:
        """Post an event at this time (seconds of the epoch), whatever became of it before."""
        delivery["next"].append(at)
        self._store.put("delivery", delivery["event"], delivery)
        self._scheduler.at(at, partial(self._attempt, delivery["event"], at))

    async def _attempt(self, event_id: str, at: float) -> None:
        delivery = self._store.get("delivery", event_id)
        if delivery is None:
            return  # the key is another account's now
        attempt: Json = {"at": time.time(), "status": None, "error": "lost on the way"}
        if len(delivery["attempts"]) >= delivery["lose"]:
            attempt |= await self._send(event_id, is_thin=delivery["thin"])
            delivery = self._store.get("delivery", event_id) or {}  # as it is after the wait
        attempt["seconds"] = round(time.time() - attempt["at"], 4)
        delivery["attempts"].append(attempt)
        delivery["next"].remove(at)
        self._store.put("delivery", event_id, delivery)
        if not is_accepted(attempt):
            wait = RETRY_AFTER[min(len(delivery["attempts"]), len(RETRY_AFTER)) - 1]
            self.schedule(delivery, time.time() + wait)

    async def _send(self, event_id: str, *, is_thin: bool) -> Json:
        """Post an event once; return `{status, error}`; without an answer `status` is None."""
        url, secret = self._settings.webhook_url, self._settings.stripe_webhook_secret
        event = self._store.get("event", event_id) or {}
        body = thin_event(event) if is_thin else event
        payload = json.dumps(body, indent=2, ensure_ascii=False).encode()
        headers = {**HEADERS, "Stripe-Signature": signature(payload, secret, int(time.time()))}
        post = self._http.post(url, data=payload, headers=headers, allow_redirects=False)
        try:
            async with post as answer:
                return {"status": answer.status, "error": None}
        except (ClientError, TimeoutError) as error:
            return {"status": None, "error": str(error) or type(error).__name__}


def _why_held(event: Json, faults: StripeFaults) -> str | None:
    """Return why an event is never posted, or None for one that is."""
    if faults.only and event["type"] not in faults.only:
        return "not selected"
    return "dropped" if faults.drop else None


def is_accepted(attempt: Json) -> bool:
    """Return whether the backend answered 2xx."""
    return attempt["status"] is not None and 200 <= attempt["status"] < 300


def delivery_state(delivery: Json) -> str:
    """Return what became of an event so far, in a word or two for people."""
    if any(is_accepted(attempt) for attempt in delivery["attempts"]):
        return "delivered"
    if delivery["next"]:
        return "retrying" if delivery["attempts"] else "waiting"
    return str(delivery["held"])
