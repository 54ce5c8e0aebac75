"""Events on their way to the backend: signed, posted, tried again, remembered.

Each event has one `delivery` in the store: `next` (when to post), `attempts` (what came of each
post), `lose` (how many attempts get lost on the way) and `held` (why it is never posted, if so)
and `thin` (how).
Stripe's side is at docs.stripe.com/webhooks; its days of retries are pressed into minutes.
"""

import hashlib
import hmac
import json
import time
from functools import partial

from aiohttp import ClientError, ClientSession

from sandbox.settings import SandboxSettings
from sandbox.store import Json, Store
from sandbox.stripe.agenda import Agenda
from sandbox.stripe.faults import StripeFaults
from sandbox.stripe.versions import thin

RETRY_AFTER = (0.5, 1, 2, 5, 10, 30, 60)  # seconds; the last one again and again
OUT_OF_ORDER_GAP = 0.2
HEADERS = {
    "Content-Type": "application/json; charset=utf-8",
    "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
}


def signature(payload: bytes, secret: str, at: int) -> str:
    """The Stripe-Signature header (docs.stripe.com/webhooks#verify-manually)."""
    signed = hmac.new(secret.encode(), f"{at}.".encode() + payload, hashlib.sha256)
    return f"t={at},v1={signed.hexdigest()}"


class Deliveries:
    """The postman. Posts within milliseconds, everything at once, and promises no order."""

    _http: ClientSession

    def __init__(self, store: Store, settings: SandboxSettings, agenda: Agenda) -> None:
        self.faults = StripeFaults()
        self._store, self._settings, self._agenda = store, settings, agenda

    def open(self, http: ClientSession) -> None:
        """Begin, with what an earlier run left undelivered; what is to come stays in the store."""
        self._http = http
        for _, delivery in self._store.list("delivery"):
            for at in delivery["next"]:
                self._agenda.at(at, partial(self._attempt, delivery["event"], at))

    def post(self, events: list[Json]) -> None:
        """Deliver the events of one act, as the faults in force say."""
        faults, now = self.faults, time.time()
        for place, event in enumerate(events):
            unasked = bool(faults.only) and event["type"] not in faults.only
            delivery = {
                "event": event["id"],
                "type": event["type"],
                "created": now,
                "held": "not selected" if unasked else "dropped" if faults.drop else None,
                "lose": faults.fail_first,
                "thin": faults.thin,
                "next": [],
                "attempts": [],
            }
            self._store.put("delivery", event["id"], delivery)
            turn = len(events) - 1 - place if faults.out_of_order else 0
            times = 0 if delivery["held"] else 2 if faults.twice else 1
            for _ in range(times):
                self.expect(delivery, now + faults.late + turn * OUT_OF_ORDER_GAP)

    def expect(self, delivery: Json, at: float) -> None:
        """Post an event at this time, whatever became of it before."""
        delivery["next"].append(at)
        self._store.put("delivery", delivery["event"], delivery)
        self._agenda.at(at, partial(self._attempt, delivery["event"], at))

    async def _attempt(self, event_id: str, at: float) -> None:
        delivery = self._store.get("delivery", event_id)
        if delivery is None:
            return  # of another account
        attempt: Json = {"at": time.time(), "status": None, "error": "lost on the way"}
        if len(delivery["attempts"]) >= delivery["lose"]:
            attempt |= await self._send(event_id)
            delivery = self._store.get("delivery", event_id) or {}
        attempt["seconds"] = round(time.time() - attempt["at"], 4)
        delivery["attempts"].append(attempt)
        delivery["next"].remove(at)
        self._store.put("delivery", event_id, delivery)
        if not accepted(attempt):
            wait = RETRY_AFTER[min(len(delivery["attempts"]), len(RETRY_AFTER)) - 1]
            self.expect(delivery, time.time() + wait)

    async def _send(self, event_id: str) -> Json:
        """One POST. Answers `{status, error}`; `status` is None if nobody answered."""
        url, secret = self._settings.webhook_url, self._settings.stripe_webhook_secret
        event = self._store.get("event", event_id) or {}
        if (self._store.get("delivery", event_id) or {}).get("thin"):
            event = thin(event)
        payload = json.dumps(event, indent=2, ensure_ascii=False).encode()
        headers = {**HEADERS, "Stripe-Signature": signature(payload, secret, int(time.time()))}
        post = self._http.post(url, data=payload, headers=headers, allow_redirects=False)
        try:
            async with post as answer:
                return {"status": answer.status, "error": None}
        except (ClientError, TimeoutError) as error:
            return {"status": None, "error": str(error) or type(error).__name__}


def accepted(attempt: Json) -> bool:
    """Whether the backend answered 2xx."""
    return attempt["status"] is not None and 200 <= attempt["status"] < 300


def state(delivery: Json) -> str:
    """What became of an event so far, in a word for people."""
    if any(accepted(attempt) for attempt in delivery["attempts"]):
        return "delivered"
    if delivery["next"]:
        return "retrying" if delivery["attempts"] else "waiting"
    return str(delivery["held"])
