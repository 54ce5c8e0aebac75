"""The expected balance of each payment, computed from Stripe's objects: independent books.

The rule, without the product's code: the tax in a charge is not the wallet's; of clawbacks the
wallet bears its share, up to its credit. Fees and differences between rates are the operator's.
"""

from collections.abc import Iterator
from fractions import Fraction
from math import floor

from tests.backend.books.story import Json, Story

NOT_LIVE = ("failed", "canceled")


def rounded(share: Fraction) -> int:
    """Return a share rounded to the nearest integer, halves up."""
    return floor(share + Fraction(1, 2))


def expected_by_intent(story: Story) -> dict[str, tuple[str, int]]:
    """Return by intent the currency and the expected amount in the wallet, where that is not 0."""
    result = {}
    for charge in story.stored("charge"):
        intent = charge["payment_intent"]
        if charge["paid"] and intent not in story.other_installations:
            amount = credit(story, charge) - gone(story, charge)
            if amount:
                result[intent] = (charge["currency"], amount)
    return result


def credit(story: Story, charge: Json) -> int:
    """Return the amount of a charge without tax."""
    return max(int(charge["amount"]) - sum(taxes(story, charge["payment_intent"])), 0)


def taxes(story: Story, intent: str) -> Iterator[int]:
    """Yield the tax in a charge, from the session or the invoice that it paid."""
    for session in story.stored("checkout.session"):
        if session["payment_intent"] == intent:
            yield session["total_details"]["amount_tax"]
    for paid in story.stored("invoice_payment"):
        if paid["payment"]["payment_intent"] == intent:
            [invoice] = [it for it in story.stored("invoice") if it["id"] == paid["invoice"]]
            yield from (tax["amount"] for tax in invoice["total_taxes"])


def gone(story: Story, charge: Json) -> int:
    """Return how much of the credit refunds and disputes have taken."""
    refunded = sum(
        refund["amount"]
        for refund in story.stored("refund")
        if refund["charge"] == charge["id"] and refund["status"] not in NOT_LIVE
    )
    disputed = sum(
        dispute_share(story, dispute, charge, refunded)
        for dispute in story.stored("dispute")
        if dispute["charge"] == charge["id"]
    )
    whole = credit(story, charge)
    part = Fraction(whole * (refunded + disputed), int(charge["amount"]))
    return min(whole, rounded(part))


def dispute_share(story: Story, dispute: Json, charge: Json, refunded: int) -> int:
    """Return how much a dispute took of the charge, in the charge's currency."""
    movements = dispute["balance_transactions"]
    withdrawn = -sum(int(movement["amount"]) for movement in movements)
    booked = story.system.store.get("balance_transaction", charge["balance_transaction"])
    assert booked is not None
    if not movements:
        return 0
    if booked["currency"] == charge["currency"]:
        return max(withdrawn, 0)
    if dispute["status"] == "won":
        return 0
    if dispute["currency"] != charge["currency"]:
        whole = int(charge["amount"])
        return rounded(Fraction(whole * max(withdrawn, 0), int(booked["amount"])))
    if dispute["status"] == "lost":
        return max(min(int(dispute["amount"]), int(charge["amount"]) - refunded), 0)
    return int(dispute["amount"])
