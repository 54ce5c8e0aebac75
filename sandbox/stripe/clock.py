"""The clock of subscriptions, which people advance.

It runs ahead of this machine's (https://docs.stripe.com/billing/testing/test-clocks).
"""

import time

from sandbox.stripe.local_stripe import LocalStripe
from sandbox.stripe.parameters import A_DAY


def now(stripe: LocalStripe) -> int:
    """Return the clock's time, in seconds of the epoch."""
    clock = stripe.store.get("clock", "billing") or {"ahead": 0}
    return int(time.time() + clock["ahead"])


def advance_a_day(stripe: LocalStripe) -> None:
    """Advance the clock by a day."""
    ahead = now(stripe) + A_DAY - time.time()
    stripe.store.put("clock", "billing", {"ahead": ahead})
