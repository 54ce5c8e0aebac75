"""The container of adapters that service functions take."""

import asyncio
from dataclasses import dataclass, field

from backend.database.protocol import Database
from backend.metrics import Metrics
from backend.notifications.outbox import Wakeup
from backend.stripe.client import StripeGateway

# Stripe allows 25 requests a second in test mode, 100 in live mode:
# https://docs.stripe.com/rate-limits
CONCURRENT_REFETCHES = 8


@dataclass(frozen=True)
class Services:
    """The database, Stripe, the wakeup of long polls, and the metrics of this process.

    `refetch_slots` limits how many events are refetched from Stripe at one time.
    """

    database: Database
    stripe: StripeGateway
    wakeup: Wakeup = field(default_factory=Wakeup)
    metrics: Metrics = field(default_factory=Metrics)
    refetch_slots: asyncio.Semaphore = field(
        default_factory=lambda: asyncio.Semaphore(CONCURRENT_REFETCHES)
    )
