"""A story: random acts at Stripe and here, drawn from one seed.

Each act has a random generator of its own, made of the seed and its place, so that a story can be
repeated with acts left out.
"""

import json
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from tests.backend.conftest import System, token
from tests.backend.stripe.test_webhooks import signed

Json = dict[str, Any]
SHORTEST, MAX_LENGTH = 14, 26  # acts


@dataclass
class Story:
    """The running system, the generator of the current act, and what has happened so far.

    `other_installations` are intents that another installation made, `forged` events of a connected
    account, `adjusted` the operator's adjustments by currency.
    """

    system: System
    chance: random.Random
    paid: list[UUID] = field(default_factory=list)
    other_installations: set[str] = field(
        default_factory=set
    )  # intents that another installation made
    forged: list[Json] = field(default_factory=list)  # events of a connected account
    adjusted: Counter[str] = field(default_factory=Counter)  # by the operator, by currency

    def stored(self, kind: str) -> list[Json]:
        """Return all objects of a kind in the local Stripe, oldest first."""
        return [thing for _, thing in self.system.store.list(kind)]

    def likely(self, probability: float) -> bool:
        """Return True with this probability."""
        return self.chance.random() < probability

    async def at_stripe(self, path: str, **body: Any) -> Json:
        """Post to one of the local Stripe's routes, which may refuse; return the answer."""
        body = {name: value for name, value in body.items() if value is not None}
        url = f"{self.system.sandbox_url}/stripe/{path}"
        async with self.system.http.post(url, json=body) as answer:
            assert answer.status in (200, 400, 409), await answer.text()
            answer_body: Json = await answer.json()
            return answer_body

    async def faults(self, **faults: Any) -> None:
        """Set faults of the local Stripe."""
        await self.system.sandbox("POST", "/stripe/faults", **faults)

    async def request_api(self, path: str, **body: Any) -> Json:
        """Post to the API as an admin; return the answer. The API and Stripe may refuse."""
        headers = {"Authorization": f"Bearer {token()}", "Idempotency-Key": str(uuid4())}
        url = f"{self.system.url}/api/payments/{path}"
        async with self.system.http.post(url, json=body, headers=headers) as answer:
            assert answer.status in (201, 409, 422, 502), await answer.text()
            answer_body: Json = await answer.json()
            return answer_body

    async def deliver(self, events: list[Json]) -> list[Json]:
        """Post events; return those that Stripe would post again."""
        again = []
        for event in events:
            raw = json.dumps(event).encode()
            status, _ = await self.system.post_event(raw, signed(raw))
            assert status in (200, 500), event["type"]
            again += [event] if status == 500 else []
        return again


Act = Callable[[Story], Awaitable[None]]


@dataclass(frozen=True)
class Plot:
    """A seed, and the places of the acts that are played; None: all of them."""

    seed: int
    places: tuple[int, ...] | None = None

    def acts(self, among: list[Act]) -> list[tuple[int, Act]]:
        """Return the acts of the plot with their places."""
        chance = random.Random(self.seed)  # noqa: S311
        length = chance.randint(SHORTEST, MAX_LENGTH)
        drawn = list(enumerate(chance.choices(among, k=length)))
        return [(at, act) for at, act in drawn if self.places is None or at in self.places]

    def chance_of(self, place: int) -> random.Random:
        """Return the random generator of one act."""
        return random.Random(f"{self.seed} {place}")  # noqa: S311

    def __str__(self) -> str:
        """Return the plot as PURSEBOT_STORY takes it."""
        places = "" if self.places is None else ":" + ",".join(map(str, self.places))
        return f"{self.seed}{places}"

    @classmethod
    def from_text(cls, text: str) -> "Plot":
        """Parse a plot that `__str__` wrote."""
        seed, _, places = text.partition(":")
        return cls(int(seed), tuple(int(at) for at in places.split(",")) if places else None)
