"""Deliveries of events to the backend: signed, posted, retried, stored.

https://docs.stripe.com/webhooks; Stripe retries for days, the sandbox within minutes.
"""

import hashlib
import hmac
import json
import time
from functools import partial

from aiohttp import ClientError, ClientSession
from pydantic import Field

from sandbox.refusals import Refusal, StrictModel
from sandbox.settings import SandboxSettings
from sandbox.store import Json, Store
from sandbox.stripe.api_versions import thin_event
from sandbox.stripe.faults import StripeFaults
from sandbox.stripe.scheduler import Scheduler

RETRY_AFTER = (0.5, 1, 2, 5, 10, 30, 60)  # seconds; the last one again and again
OUT_OF_ORDER_GAP = 0.2  # seconds
MAX_RESPONSE = 20_000  # characters kept of an answer
HEADERS = {
    "Content-Type": "application/json; charset=utf-8",
    "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
}


class Attempt(StrictModel):
    """The result of one post: HTTP's `status`, or None and an `error` where there was no answer.

    `at` is in seconds of the epoch, `seconds` is how long it took, `response` the answer's body.
    """

    at: float
    seconds: float = 0
    status: int | None = None
    error: str | None = "lost on the way"
    response: str | None = None

    @property
    def is_accepted(self) -> bool:
        """Whether the backend answered 2xx."""
        return self.status is not None and 200 <= self.status < 300


class Delivery(StrictModel):
    """The delivery of one event as it is stored; times are in seconds of the epoch.

    `event` is its id. `held` says why it is never posted, `lose` how many attempts are lost before
    they reach the backend, `thin` whether it is posted as a thin event, `next` when it is posted.
    """

    event: str
    type: str
    created: float
    held: str | None
    lose: int
    thin: bool
    next: list[float] = Field(default=[])
    attempts: list[Attempt] = Field(default=[])

    @property
    def state(self) -> str:
        """The state of the delivery, in a word or two for people."""
        if any(attempt.is_accepted for attempt in self.attempts):
            return "delivered"
        if self.next:
            return "retrying" if self.attempts else "waiting"
        return str(self.held)


def signature(payload: bytes, secret: str, at: int) -> str:
    """Return the Stripe-Signature header (https://docs.stripe.com/webhooks#verify-manually).

    `at` is in seconds of the epoch.
    """
    signed = hmac.new(secret.encode(), f"{at}.".encode() + payload, hashlib.sha256)
    return f"t={at},v1={signed.hexdigest()}"


class Deliveries:
    """Posts events at once and in parallel, in no certain order."""

    _http: ClientSession

    def __init__(self, store: Store, settings: SandboxSettings, scheduler: Scheduler) -> None:
        """Take the store, the settings with the webhook's address and secret, and the scheduler."""
        self._store, self._settings, self._scheduler = store, settings, scheduler

    def open(self, http: ClientSession) -> None:
        """Begin with what an earlier run has not delivered; `http` is the session to post with."""
        self._http = http
        for _, stored in self._store.list("delivery"):
            delivery = Delivery.model_validate(stored)
            for at in delivery.next:
                self._scheduler.at(at, partial(self._attempt, delivery.event, at))

    def post(self, events: list[Json], faults: StripeFaults) -> None:
        """Deliver the events of one act, with the faults in force."""
        now = time.time()
        for place, event in enumerate(events):
            delivery = Delivery(
                event=event["id"],
                type=event["type"],
                created=now,
                held=_why_held(event, faults),
                lose=faults.fail_first,
                thin=faults.thin,
            )
            self._store_delivery(delivery)
            if delivery.held:
                continue
            turn = len(events) - 1 - place if faults.out_of_order else 0
            for _ in range(2 if faults.twice else 1):
                self._schedule(delivery, now + faults.late + turn * OUT_OF_ORDER_GAP)

    def post_again(self, event_id: str, at: float) -> None:
        """Post an event once more at this time (seconds of the epoch).

        Raises Refusal (404) for an event that was not posted before.
        """
        delivery = self._get(event_id)
        if delivery is None:
            raise Refusal(404, f"No such delivery: '{event_id}'", code="resource_missing")
        self._schedule(delivery, at)

    def newest(self) -> list[Delivery]:
        """Return the deliveries of all events, newest first."""
        stored = [each for _, each in self._store.list("delivery")]
        return [Delivery.model_validate(each) for each in reversed(stored)]

    def _get(self, event_id: str) -> Delivery | None:
        stored = self._store.get("delivery", event_id)
        return None if stored is None else Delivery.model_validate(stored)

    def _store_delivery(self, delivery: Delivery) -> None:
        self._store.put("delivery", delivery.event, delivery.model_dump())

    def _schedule(self, delivery: Delivery, at: float) -> None:
        delivery.next.append(at)
        self._store_delivery(delivery)
        self._scheduler.at(at, partial(self._attempt, delivery.event, at))

    async def _attempt(self, event_id: str, at: float) -> None:
        """Post an event, or lose it on purpose; schedule another post unless it is accepted."""
        delivery = self._get(event_id)
        if delivery is None:
            return  # the key is another account's now
        attempt = Attempt(at=time.time())
        if len(delivery.attempts) >= delivery.lose:
            await self._send(event_id, attempt, is_thin=delivery.thin)
            delivery = self._get(event_id)  # as it is after the wait
            if delivery is None:
                return
        attempt.seconds = round(time.time() - attempt.at, 4)
        delivery.attempts.append(attempt)
        delivery.next.remove(at)
        self._store_delivery(delivery)
        if not attempt.is_accepted:
            wait = RETRY_AFTER[min(len(delivery.attempts), len(RETRY_AFTER)) - 1]
            self._schedule(delivery, time.time() + wait)

    async def _send(self, event_id: str, attempt: Attempt, *, is_thin: bool) -> None:
        """Post an event once, and write into the attempt what came of it."""
        url, secret = self._settings.webhook_url, self._settings.stripe_webhook_secret
        event = self._store.get("event", event_id) or {}
        body = thin_event(event) if is_thin else event
        payload = json.dumps(body, indent=2, ensure_ascii=False).encode()
        headers = {**HEADERS, "Stripe-Signature": signature(payload, secret, int(time.time()))}
        post = self._http.post(url, data=payload, headers=headers, allow_redirects=False)
        try:
            async with post as answer:
                attempt.status, attempt.error = answer.status, None
                attempt.response = (await answer.text(errors="replace"))[:MAX_RESPONSE]
        except (ClientError, TimeoutError) as error:
            attempt.error = str(error) or type(error).__name__


def _why_held(event: Json, faults: StripeFaults) -> str | None:
    """Return why an event is never posted, or None for one that is."""
    if faults.only and event["type"] not in faults.only:
        return "not selected"
    return "dropped" if faults.drop else None
