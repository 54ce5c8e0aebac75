"""Events on their way to the backend: signed, posted, tried again, remembered.

Each event has one `delivery` in the store: `pending` (when to post, after how many tries, how many
of them get lost), `attempts` (what came of each post) and `held` (why it is never posted, if so).
Stripe's side is at docs.stripe.com/webhooks; its days of retries are pressed into minutes.
"""

import asyncio
import hashlib
import hmac
import json
import time
from functools import partial

from aiohttp import ClientError, ClientSession, ClientTimeout

from sandbox.settings import SandboxSettings
from sandbox.store import Json, Store
from sandbox.stripe_agenda import Agenda
from sandbox.stripe_errors import no_such
from sandbox.stripe_faults import Faults

RETRY_AFTER = (0.5, 1, 2, 5, 10, 30, 60)  # seconds; the last one again and again
MOST_TRIES = 1_446  # about a day
AT_ONCE = 4
PATIENCE = ClientTimeout(total=10)
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
    """The postman. Posts within milliseconds, a few at once, and promises no order."""

    _http: ClientSession

    def __init__(self, store: Store, settings: SandboxSettings, agenda: Agenda) -> None:
        self.faults = Faults()
        self._store, self._settings, self._agenda = store, settings, agenda
        self._slots = asyncio.Semaphore(AT_ONCE)

    async def open(self) -> None:
        """Take up what an earlier run left undelivered."""
        self._http = ClientSession(timeout=PATIENCE)
        for _, delivery in self._store.list("delivery"):
            for entry in delivery["pending"]:
                self._expect(delivery["event"], entry)

    async def close(self) -> None:
        """Close the connections; whatever is pending stays in the store."""
        await self._http.close()

    def post(self, events: list[Json]) -> None:
        """Deliver the events of one act, as the faults in force say."""
        faults, now = self.faults, time.time()
        for place, event in enumerate(events):
            unasked = bool(faults.only) and event["type"] not in faults.only
            turn = len(events) - 1 - place if faults.out_of_order else 0
            delivery = {
                "event": event["id"],
                "type": event["type"],
                "object": event["data"]["object"]["id"],
                "created": now,
                "held": "not selected" if unasked else "dropped" if faults.drop else None,
                "pending": [],
                "attempts": [],
            }
            times = 0 if delivery["held"] else 2 if faults.twice else 1
            at = now + faults.late + turn * OUT_OF_ORDER_GAP
            self._schedule(delivery, *[{"at": at, "tries": 0, "lose": faults.fail_first}] * times)

    def again(self, event_id: str, after: float) -> None:
        """Post an event once more in `after` seconds, whatever became of it."""
        delivery = self._store.get("delivery", event_id)
        if delivery is None:
            raise no_such("event", event_id, "event")
        self._schedule(delivery, {"at": time.time() + after, "tries": 0, "lose": 0})

    def seen(self) -> list[Json]:
        """Every event, newest first, with its `state`, `attempts` and the times of `next` ones."""
        return [shown(delivery) for _, delivery in self._store.list("delivery")][::-1]

    def _schedule(self, delivery: Json, *entries: Json) -> None:
        delivery["pending"].extend(entries)
        self._store.put("delivery", delivery["event"], delivery)
        for entry in entries:
            self._expect(delivery["event"], entry)

    def _expect(self, event_id: str, entry: Json) -> None:
        self._agenda.at(entry["at"], partial(self._attempt, event_id, entry))

    async def _attempt(self, event_id: str, entry: Json) -> None:
        lost = {"at": time.time(), "status": None, "error": "lost on the way", "seconds": 0}
        async with self._slots:
            attempt = lost if entry["tries"] < entry["lose"] else await self._send(event_id)
        delivery = self._store.get("delivery", event_id) or {}
        delivery["attempts"].append(attempt)
        delivery["pending"].remove(entry)
        tries = entry["tries"] + 1
        again = not accepted(attempt) and tries < MOST_TRIES
        wait = RETRY_AFTER[min(tries, len(RETRY_AFTER)) - 1]
        self._schedule(delivery, *[{**entry, "at": time.time() + wait, "tries": tries}] * again)

    async def _send(self, event_id: str) -> Json:
        """One POST. Answers `{at, status, error, seconds}`; `status` is None if nobody answered."""
        attempt: Json = {"at": time.time(), "status": None, "error": None}
        url, secret = self._settings.webhook_url, self._settings.stripe_webhook_secret
        event = self._store.get("event", event_id)
        payload = json.dumps(event, indent=2, ensure_ascii=False).encode()
        headers = {**HEADERS, "Stripe-Signature": signature(payload, secret, int(attempt["at"]))}
        post = self._http.post(url, data=payload, headers=headers, allow_redirects=False)
        try:
            async with post as answer:
                attempt["status"] = answer.status
        except (ClientError, TimeoutError) as error:
            attempt["error"] = str(error) or type(error).__name__
        return {**attempt, "seconds": round(time.time() - attempt["at"], 4)}


def accepted(attempt: Json) -> bool:
    """Whether the backend answered 2xx."""
    return attempt["status"] is not None and 200 <= attempt["status"] < 300


def shown(delivery: Json) -> Json:
    """A delivery for people; `state` is one of the words below, or why it is held."""
    pending, attempts = delivery.pop("pending"), delivery["attempts"]
    states = {
        "delivered": any(accepted(attempt) for attempt in attempts),
        "retrying": pending and attempts,
        "waiting": pending,
        delivery["held"] or "given up": True,
    }
    state = next(state for state, holds in states.items() if holds)
    return {**delivery, "state": state, "next": sorted(entry["at"] for entry in pending)}
