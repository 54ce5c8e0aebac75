"""The clock of subscriptions, which people move forward.

It runs ahead of this machine's (https://docs.stripe.com/billing/testing/test-clocks).
"""

import time

from sandbox.stripe.local_stripe import LocalStripe
from sandbox.stripe.parameters import A_DAY


def now(stripe: LocalStripe) -> int:
    """Return what the clock says, in seconds of the epoch."""
    clock = stripe.store.get("clock", "billing") or {"ahead": 0}
    return int(time.time() + clock["ahead"])


def advance_a_day(stripe: LocalStripe) -> None:
    """Move the clock forward by a day."""
    ahead = now(stripe) + A_DAY - time.time()
    stripe.store.put("clock", "billing", {"ahead": ahead})
