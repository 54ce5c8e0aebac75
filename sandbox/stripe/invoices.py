"""Invoices of subscriptions: one for each period, paid on the page of its intent.

That of a subscription that began on a page of Stripe's is made once it is paid, and has the intent
that paid it:
https://docs.stripe.com/changelog/basil/2025-03-31/checkout-legacy-subscription-upgrade
"""

from sandbox.store import Json
from sandbox.stripe.billing_periods import next_period_end
from sandbox.stripe.charges import give_page
from sandbox.stripe.clock import now
from sandbox.stripe.local_stripe import LocalStripe
from sandbox.stripe.objects import new, new_id, new_part
from sandbox.stripe.payment_intents import open_intent
from sandbox.stripe.payment_methods import new_method
from sandbox.stripe.payments import take_step
from sandbox.stripe.published_methods import Step
from sandbox.stripe.taxes import fix_invoice_sums


def bill(
    stripe: LocalStripe,
    subscription: Json,
    reason: str,
    method: str | None,
    *,
    intent: Json | None = None,
) -> Json:
    """Begin the next period of a subscription; return its open invoice.

    `reason` is Stripe's `billing_reason`; `method` is the id of the saved card that will be tried,
    if there is one. Where something is due, the invoice has an intent with a page: the one that
    paid already, if there is one.
    """
    [item] = subscription["items"]["data"]
    start = item["current_period_end"]
    anchor, interval = subscription["billing_cycle_anchor"], item["price"]["recurring"]["interval"]
    item["current_period_start"] = start
    item["current_period_end"] = next_period_end(anchor, start, interval)
    invoice = _new_invoice(subscription, item, reason)
    if not subscription["pause_collection"]:  # what is void counts nothing in
        fix_invoice_sums(stripe, invoice)
    subscription["latest_invoice"] = invoice["id"]
    if invoice["amount_due"]:
        if intent is None:
            due, customer = invoice["amount_due"], invoice["customer"]
            intent = open_invoice_intent(stripe, due, customer, item["price"], method)
        _give_invoice_page(stripe, invoice, item["price"], intent)
    stripe.keep(subscription, invoice)
    return invoice


def _new_invoice(subscription: Json, item: Json, reason: str) -> Json:
    """Make the invoice of one period, over the price of the subscription's item."""
    amount, currency = item["price"]["unit_amount"], subscription["currency"]
    start, end = item["current_period_start"], item["current_period_end"]
    invoice = new(
        "invoice",
        amount_due=amount,
        amount_remaining=amount,
        billing_reason=reason,
        currency=currency,
        customer=subscription["customer"],
        period_end=end,
        period_start=start,
        subtotal=amount,
        subtotal_excluding_tax=amount,
        total=amount,
        total_excluding_tax=amount,
    )
    line = new_part(
        "line_item",
        amount=amount,
        currency=currency,
        invoice=invoice["id"],
        period={"end": end, "start": start},
        subscription=subscription["id"],
        subtotal=amount,
    )
    invoice["lines"]["data"] = [line]
    invoice["parent"]["subscription_details"] = {
        "metadata": subscription["metadata"],
        "subscription": subscription["id"],
    }
    return invoice


def open_invoice_intent(
    stripe: LocalStripe, due: int, customer: str, price: Json, method: str | None
) -> Json:
    """Make the intent that will pay what is due; `price` has `currency` and `product`."""
    product = stripe.stored("product", price["product"])
    intent = open_intent(stripe, due, price["currency"], description=product["name"], metadata={})
    intent |= {"customer": customer, "payment_method": method}
    stripe.keep(intent)
    return intent


def _give_invoice_page(stripe: LocalStripe, invoice: Json, price: Json, intent: Json) -> None:
    """Give an invoice the page of the intent that pays it."""
    page = give_page(
        stripe,
        intent,
        return_url=stripe.settings.url,
        invoice=invoice["id"],
        interval=price["recurring"]["interval"],
    )
    invoice |= {"hosted_invoice_url": page, "invoice_pdf": f"{page}?pdf"}


def intent_id_of(invoice: Json) -> str:
    """Return the id of the intent that pays an invoice, "" where nothing was due."""
    return str(invoice["hosted_invoice_url"] or "").rpartition("/")[2]


def subscription_of(stripe: LocalStripe, invoice: Json) -> Json:
    """Return the subscription of an invoice."""
    details = invoice["parent"]["subscription_details"]
    return stripe.stored("subscription", details["subscription"])


def collect(stripe: LocalStripe, invoice_id: str, step: Step | None, card: str) -> Json:
    """Try to collect an invoice, post the events of the result, and return the invoice.

    `card` is the test number to try and `step` what that causes; without a card ("", None) the try
    fails.
    """
    invoice = stripe.stored("invoice", invoice_id)
    intent = _try_intent(stripe, intent_id_of(invoice), step, card)
    return record_try(stripe, invoice, intent, card)


def record_try(stripe: LocalStripe, invoice: Json, intent: Json | None, card: str) -> Json:
    """Record on an invoice what became of its intent, post the events, and return the invoice.

    `intent` is None where nothing is due. The card (its number) that pays the first invoice of a
    subscription started on a page is saved for the next ones.
    """
    subscription = subscription_of(stripe, invoice)
    begins = subscription["status"] == "incomplete"
    invoice["attempted"] = True
    invoice["attempt_count"] += 1 if intent else 0
    status = intent["status"] if intent else "succeeded"  # nothing was due
    if status == "succeeded":
        _mark_paid(stripe, invoice, intent)
        if subscription["default_payment_method"] is None:
            method_id = intent["payment_method"] if intent else new_id("pm_1")
            new_method(stripe, card, subscription["customer"], "limited", id=method_id)
            subscription["default_payment_method"] = method_id
    events = _events_of(status, begins=begins)
    if events:
        subscription["status"] = "active" if status == "succeeded" else "past_due"
    stripe.emit(events, subscription, invoice)
    return invoice


def _try_intent(stripe: LocalStripe, intent_id: str, step: Step | None, card: str) -> Json | None:
    """Try the card on an invoice's intent and return that; None where nothing is due."""
    if not intent_id:
        return None
    intent = stripe.stored("payment_intent", intent_id)
    return take_step(stripe, intent, step, card) if card and step else intent


def _mark_paid(stripe: LocalStripe, invoice: Json, intent: Json | None) -> None:
    """Set what a paid invoice says, and make its payment where anything was due."""
    invoice |= {"status": "paid", "amount_paid": invoice["amount_due"], "amount_remaining": 0}
    invoice["status_transitions"]["paid_at"] = now(stripe)
    if intent is None:
        return
    payment = new(
        "invoice_payment",
        amount_paid=invoice["amount_due"],
        amount_requested=invoice["amount_due"],
        currency=invoice["currency"],
        invoice=invoice["id"],
    )
    payment["payment"]["payment_intent"] = intent["id"]
    payment["status_transitions"]["paid_at"] = now(stripe)
    stripe.keep(payment)


def _events_of(intent_status: str, *, begins: bool) -> list[str]:
    """Return the events of a try, by the status that it left the intent in.

    A subscription that `begins` does so by being paid, or not at all
    (https://docs.stripe.com/billing/subscriptions/webhooks).
    """
    paid = ["invoice.paid", "invoice.payment_succeeded", "customer.subscription.updated"]
    failed = ["invoice.payment_failed", "customer.subscription.updated"]
    match intent_status:
        case "succeeded":
            return ["customer.subscription.created", *paid] if begins else paid
        case "requires_action":
            return [] if begins else ["invoice.payment_action_required", *failed]
        case "requires_payment_method":
            return [] if begins else failed
    raise ValueError(f"an invoice's intent is {intent_status}")
