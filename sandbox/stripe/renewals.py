"""What time brings to subscriptions, on a clock that people advance: renewals, ends, expiry."""

from sandbox.store import Json
from sandbox.stripe.clock import advance_a_day, now
from sandbox.stripe.invoices import bill, collect
from sandbox.stripe.local_stripe import LocalStripe
from sandbox.stripe.payment_methods import number_of
from sandbox.stripe.published_methods import METHODS

RENEWED = ("active", "past_due")  # the statuses of those that go on
TIME_TO_BEGIN = 23 * 3600  # seconds: https://docs.stripe.com/billing/subscriptions/overview


async def advance(stripe: LocalStripe, days: int) -> Json:
    """Advance the clock day by day, and do what is due; return `{"now"}` in epoch seconds."""
    for _ in range(days):
        advance_a_day(stripe)
        for _, subscription in stripe.store.list("subscription"):
            _do_what_is_due(stripe, subscription)
    return {"now": now(stripe)}


def _do_what_is_due(stripe: LocalStripe, subscription: Json) -> None:
    """End a subscription, let it expire, or renew it, where it is time for that."""
    time, [item] = now(stripe), subscription["items"]["data"]
    if subscription["status"] == "incomplete":
        if subscription["start_date"] + TIME_TO_BEGIN <= time:
            _expire(stripe, subscription)
    elif subscription["status"] in RENEWED:
        if subscription["cancel_at"] and subscription["cancel_at"] <= time:
            ended = {"status": "canceled", "ended_at": subscription["cancel_at"]}
            stripe.changed(subscription | ended, "customer.subscription.deleted")
        elif item["current_period_end"] <= time:
            renew(stripe, subscription)


def _expire(stripe: LocalStripe, subscription: Json) -> None:
    """Let a subscription expire whose first invoice nobody paid, and void that."""
    subscription |= {"status": "incomplete_expired", "ended_at": now(stripe)}
    void = stripe.stored("invoice", subscription["latest_invoice"]) | {"status": "void"}
    stripe.emit(["invoice.voided", "customer.subscription.updated"], subscription, void)


def renew(stripe: LocalStripe, subscription: Json) -> None:
    """Begin the next period of a subscription and collect its invoice; void it while paused."""
    method = _paying_method(stripe, subscription)
    invoice = bill(stripe, subscription, "subscription_cycle", method)
    if subscription["pause_collection"]:
        void = invoice | {"status": "void"}
        stripe.emit(["customer.subscription.updated", "invoice.voided"], subscription, void)
        return
    if method is None:
        collect(stripe, invoice["id"], None, "")
        return
    number = number_of(stripe, method, subscription["customer"])
    collect(stripe, invoice["id"], METHODS[number].step_off_session, number)


def _paying_method(stripe: LocalStripe, subscription: Json) -> str | None:
    """Return the id of its own card or, where that was detached, of the customer's default."""
    own = stripe.stored("payment_method", subscription["default_payment_method"])
    settings = stripe.stored("customer", subscription["customer"])["invoice_settings"]
    method: str | None = own["id"] if own["customer"] else settings["default_payment_method"]
    return method
