"""What a use case needs."""

import asyncio
from dataclasses import dataclass, field

from backend.database.protocol import Database
from backend.metrics import Metrics
from backend.notifications.outbox import Wakeup
from backend.stripe.client import StripeGateway

CONCURRENT_REFETCHES = (
    8  # at one time: Stripe allows 25 requests a second in test mode, 100 in live mode
)


@dataclass(frozen=True)
class Services:
    """The database, Stripe, the bell for the outbox, what is counted.

    `refetches`: the places in which Stripe may be asked about an event at one time.
    """

    database: Database
    stripe: StripeGateway
    wakeup: Wakeup = field(default_factory=Wakeup)
    metrics: Metrics = field(default_factory=Metrics)
    refetch_slots: asyncio.Semaphore = field(
        default_factory=lambda: asyncio.Semaphore(CONCURRENT_REFETCHES)
    )
