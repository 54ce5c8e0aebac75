"""Tax, discounts and a customer's balance: what is added to a price and taken off it.

The API's callers do not request them here. They stand for what an operator sets in the dashboard,
or a payer on the page, and are faults: `tax_percent`, `discount_percent`, `presentment`. Amounts
are in the charge unit.
"""

from sandbox.store import Json
from sandbox.stripe.balance import convert
from sandbox.stripe.currencies import CURRENCIES, TOTAL_DUE, check_total
from sandbox.stripe.local_stripe import LocalStripe
from sandbox.stripe.objects import new_id

AUTOMATIC_TAX: Json = {
    "enabled": True,
    "liability": {"type": "self"},
    "provider": "stripe",
    "status": "complete",
}
# https://docs.stripe.com/api/invoices/object#invoice_object-total_taxes
TAX: Json = {
    "tax_behavior": "exclusive",
    "tax_rate_details": {"tax_rate": "txr_1sandbox"},
    "taxability_reason": "standard_rated",
    "type": "tax_rate_details",
}


def discount_and_tax(stripe: LocalStripe, subtotal: int, currency: str) -> tuple[int, int]:
    """Return the discount on an amount, and the tax on the rest, both 0 or more."""
    step = CURRENCIES[currency].step
    faults = stripe.faults
    discount = round(subtotal * faults.discount_percent / 100 / step) * step
    tax = round((subtotal - discount) * faults.tax_percent / 100 / step) * step
    return discount, tax


def with_page_sums(stripe: LocalStripe, session: Json) -> Json:
    """Return a session as its page shows it: with tax and discount, until somebody tried to pay."""
    is_paid_for = session["id"].startswith("cs_") and session["mode"] != "setup"
    if not is_paid_for or session["status"] != "open" or session["payment_intent"]:
        return session
    return session | _page_sums(stripe, session["amount_subtotal"], session["currency"])


def _page_sums(stripe: LocalStripe, subtotal: int, currency: str) -> Json:
    """Return the sums of a session (https://docs.stripe.com/api/checkout/sessions/object)."""
    discount, tax = discount_and_tax(stripe, subtotal, currency)
    total = subtotal - discount + tax
    sums: Json = {
        "amount_subtotal": subtotal,
        "amount_total": total,
        "total_details": _total_details(discount, tax),
    }
    if discount:
        sums["discounts"] = [{"coupon": "sandbox", "promotion_code": None}]
    if tax:
        sums["automatic_tax"] = AUTOMATIC_TAX
    if other := stripe.faults.presentment:
        sums["presentment_details"] = {
            "presentment_amount": convert(stripe, total, currency, other),
            "presentment_currency": other,
        }
        sums["adaptive_pricing"] = {"enabled": True}
    return sums


def fix_page_sums(stripe: LocalStripe, session: Json) -> Json:
    """Store the sums that the page shows, which are what will be paid; return the session.

    Raises Refusal (400) for a total that Stripe does not charge; 0 is accepted.
    """
    session = with_page_sums(stripe, session)
    if session["amount_total"]:
        check_total(session["amount_total"], session["currency"], of=TOTAL_DUE)
    if details := session.get("presentment_details"):
        hidden = stripe.hidden_state(session["id"])
        hidden.intent["presentment_details"] = details
        stripe.keep_hidden(hidden)
    stripe.keep(session)
    return session


def amount_due(stripe: LocalStripe, customer_id: str, subtotal: int, currency: str) -> int:
    """Return what the customer's next invoice over `subtotal` will have them pay."""
    discount, tax = discount_and_tax(stripe, subtotal, currency)
    balance = stripe.stored("customer", customer_id)["balance"]
    return _due_of(subtotal - discount + tax + balance, currency)


def _due_of(owed: int, currency: str) -> int:
    """Return what is due now of what is owed: nothing below the minimum that Stripe charges."""
    return owed if owed >= CURRENCIES[currency].minimum else 0


def session_sums(invoice: Json) -> Json:
    """Return the sums of a session on which an invoice was paid."""
    discount = sum(each["amount"] for each in invoice["total_discount_amounts"])
    tax = sum(each["amount"] for each in invoice["total_taxes"])
    return {"amount_total": invoice["amount_due"], "total_details": _total_details(discount, tax)}


def _total_details(discount: int, tax: int) -> Json:
    return {"amount_discount": discount, "amount_shipping": 0, "amount_tax": tax}


def fix_invoice_sums(stripe: LocalStripe, invoice: Json) -> None:
    """Set the sums of an invoice, and the balance of the customer that they leave.

    An amount below the minimum that Stripe charges is carried over to the next invoice
    (https://docs.stripe.com/billing/customer/balance, https://docs.stripe.com/api/invoices/object).
    """
    subtotal, currency = invoice["subtotal"], invoice["currency"]
    discount, tax = discount_and_tax(stripe, subtotal, currency)
    customer = stripe.stored("customer", invoice["customer"])
    total = subtotal - discount + tax
    owed = total + customer["balance"]
    due = _due_of(owed, currency)
    taxes = [{**TAX, "amount": tax, "taxable_amount": subtotal - discount}] if tax else []
    discounts = [{"amount": discount, "discount": new_id("di_1")}] if discount else []
    [line] = invoice["lines"]["data"]
    line |= {"taxes": taxes, "discount_amounts": discounts}
    invoice |= {
        "starting_balance": customer["balance"],
        "ending_balance": owed - due,
        "total": total,
        "total_excluding_tax": total - tax,
        "total_taxes": taxes,
        "total_discount_amounts": discounts,
        "amount_due": due,
        "amount_remaining": due,
    }
    if tax:
        invoice["automatic_tax"] = AUTOMATIC_TAX | {"disabled_reason": None}
    if customer["balance"] != owed - due:
        customer["balance"] = owed - due
        stripe.changed(customer, "customer.updated")
