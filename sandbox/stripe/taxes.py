"""What is added to a price and taken off it: tax, discounts, a customer's balance.

Nothing of it is asked for by the API here. It stands for what an operator does in the dashboard, or
a payer on the page, and is a fault: `tax_percent`, `discount_percent`, `presentment`.
"""

from sandbox.store import Json
from sandbox.stripe.calls import check_total
from sandbox.stripe.objects import CURRENCIES, TEMPLATES, new_id
from sandbox.stripe.sessions import LocalStripe


def shares(stripe: LocalStripe, subtotal: int, currency: str) -> tuple[int, int]:
    """What a discount takes off an amount, and the tax on what is left, both above 0."""
    step = CURRENCIES[currency]["step"]
    faults = stripe.faults
    discount = round(subtotal * faults.discount_percent / 100 / step) * step
    tax = round((subtotal - discount) * faults.tax_percent / 100 / step) * step
    return discount, tax


def on_page(stripe: LocalStripe, session: Json) -> Json:
    """A session as its page shows it: with tax and discount, until somebody tried to pay."""
    is_page = session["id"][:3] == "cs_" and session["mode"] != "setup"
    if not is_page or session["status"] != "open" or session["payment_intent"]:
        return session
    subtotal, currency = session["amount_subtotal"], session["currency"]
    discount, tax = shares(stripe, subtotal, currency)
    return session | summed(stripe, currency, subtotal, discount, tax)


def summed(stripe: LocalStripe, currency: str, subtotal: int, discount: int, tax: int) -> Json:
    """The sums of a session (docs.stripe.com/api/checkout/sessions/object)."""
    total = subtotal - discount + tax
    details = {"amount_discount": discount, "amount_shipping": 0, "amount_tax": tax}
    sums: Json = {"amount_subtotal": subtotal, "amount_total": total, "total_details": details}
    if discount:
        sums["discounts"] = [{"coupon": "sandbox", "promotion_code": None}]
    if tax:
        sums["automatic_tax"] = TEMPLATES["tax_by_stripe"]
    if other := stripe.faults.presentment:
        shown = stripe.books.converted(total, currency, other)
        sums["presentment_details"] = {
            "presentment_amount": shown,
            "presentment_currency": other,
        }
        sums["adaptive_pricing"] = {"enabled": True}
    return sums


def fix_on_page(stripe: LocalStripe, session: Json) -> Json:
    """What the page shows is what will be paid: keep it. Stripe refuses too little, but not 0."""
    session = on_page(stripe, session)
    if session["amount_total"]:
        check_total(session["amount_total"], session["currency"])
    if details := session.get("presentment_details"):
        backstage = stripe.backstage(session["id"])
        backstage["intent"]["presentment_details"] = details
        stripe.store.put("backstage", session["id"], backstage)
    stripe.store.put("checkout.session", session["id"], session)
    return session


def sums_of(invoice: Json) -> Json:
    """A session's, where an invoice is what was paid on it."""
    taken, taxed = (
        sum(it["amount"] for it in invoice[name])
        for name in ("total_discount_amounts", "total_taxes")
    )
    details = {"amount_discount": taken, "amount_shipping": 0, "amount_tax": taxed}
    return {"amount_total": invoice["amount_due"], "total_details": details}


def fix_invoice(stripe: LocalStripe, invoice: Json) -> None:
    """The sums of an invoice that is made final, and what they leave of the customer's balance.

    What is due below the least that Stripe charges is carried into the next one
    (docs.stripe.com/billing/customer/balance, docs.stripe.com/api/invoices/object).
    """
    subtotal, currency = invoice["subtotal"], invoice["currency"]
    discount, tax = shares(stripe, subtotal, currency)
    customer = stripe.stored("customer", invoice["customer"])
    total = subtotal - discount + tax
    owed = total + customer["balance"]
    due = owed if owed >= CURRENCIES[currency]["minimum"] else 0
    taxed = {**TEMPLATES["tax"], "amount": tax, "taxable_amount": subtotal - discount}
    taken = {"amount": discount, "discount": new_id("di_1")}
    [line] = invoice["lines"]["data"]
    line |= {"taxes": [taxed] if tax else [], "discount_amounts": [taken] if discount else []}
    invoice |= {
        "starting_balance": customer["balance"],
        "ending_balance": owed - due,
        "total": total,
        "total_excluding_tax": total - tax,
        "total_taxes": line["taxes"],
        "total_discount_amounts": line["discount_amounts"],
        "amount_due": due,
        "amount_remaining": due,
    }
    if tax:
        invoice["automatic_tax"] = TEMPLATES["tax_by_stripe"] | {"disabled_reason": None}
    if customer["balance"] != owed - due:
        customer["balance"] = owed - due
        stripe.changed(customer, "updated")


async def set_balance(stripe: LocalStripe, id: str, balance: int) -> Json:
    """What a customer owes, below 0 what they are owed: their next invoice counts it in."""
    customer = stripe.changed(stripe.stored("customer", id) | {"balance": balance}, "updated")
    return {"id": customer["id"], "balance": customer["balance"]}
