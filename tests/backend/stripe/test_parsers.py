"""Stripe's objects as models, and the facts that are made of them."""

import types
import typing
from typing import Any

import pytest
from pydantic import BaseModel

from backend.failures import StripeObjectUnreadable
from backend.schemas import Json
from backend.stripe.parsers.charges import (
    BalanceTransaction,
    Charge,
    parse_charge,
    parse_charged_method,
)
from backend.stripe.parsers.disputes import (
    Dispute,
    EarlyFraudWarning,
    parse_dispute,
    parse_refetched_dispute,
    parse_warning,
)
from backend.stripe.parsers.documented import read
from backend.stripe.parsers.events import StripeEvent
from backend.stripe.parsers.facts import Fact, RefetchFact, UnreadableFact, stored_fact
from backend.stripe.parsers.intents import PaymentIntent, parse_intent
from backend.stripe.parsers.invoices import Invoice, parse_invoice
from backend.stripe.parsers.payment_methods import (
    Customer,
    SetupAttempt,
    SetupIntent,
    StripePaymentMethod,
    parse_customer,
    parse_deleted_customer,
    parse_payment_method,
    parse_setup_intent,
)
from backend.stripe.parsers.products import Product
from backend.stripe.parsers.refunds import Refund, parse_refund
from backend.stripe.parsers.sessions import CheckoutSession, parse_session
from backend.stripe.parsers.subscriptions import (
    Price,
    StripeSubscription,
    SubscriptionItem,
    parse_subscription,
)
from backend.stripe.parsers.webhook_endpoints import WebhookEndpoint
from tests.sandbox.stripe.contract import load_contract

DOCUMENTED: dict[str, type[BaseModel]] = {
    "balance_transaction": BalanceTransaction, "charge": Charge,
    "checkout.session": CheckoutSession, "customer": Customer, "dispute": Dispute,
    "event": StripeEvent, "invoice": Invoice,
    "payment_intent": PaymentIntent, "payment_method": StripePaymentMethod, "price": Price,
    "product": Product, "refund": Refund, "setup_intent": SetupIntent,
    "setup_attempt": SetupAttempt,
    "subscription": StripeSubscription, "subscription_item": SubscriptionItem,
    "webhook_endpoint": WebhookEndpoint,
}  # fmt: skip
NOT_STRIPES = {"details", "deleted"}  # our name for a part, and what only a deleted object has

US = "00000000-0000-4000-8000-000000000001"
IDS = "00000000-0000-4000-8000-000000000002"
MARKS = {"pursebot_installation": US, "pursebot_payment_id": IDS}
NOTIFIED = {
    "outcome": "reported",
    "installation": US,
    "payment_id": IDS,
    "stripe_payment_intent_id": "pi_1",
}
CHARGE: Json = {
    "id": "ch_1", "livemode": False, "currency": "eur", "amount_refunded": 700,
    "payment_intent": "pi_1", "metadata": MARKS, "payment_method_details": {
        "type": "card", "card": {"brand": "visa", "last4": "4242", "exp_month": 1},
    },
}  # fmt: skip
REFUND: Json = {
    "id": "re_1", "amount": 700, "currency": "eur", "status": "succeeded", "reason": None,
    "created": 7, "payment_intent": "pi_1", "metadata": {**MARKS, "pursebot_refund_id": IDS},
}  # fmt: skip
DISPUTE: Json = {
    "id": "dp_1", "livemode": False, "charge": "ch_1", "amount": 5000, "currency": "eur",
    "status": "lost", "reason": "fraudulent", "payment_intent": "pi_1", "metadata": MARKS,
    "evidence_details": {"due_by": 7}, "balance_transactions": [
        {"amount": -5000, "currency": "usd", "created": 8},
        {"amount": 100, "currency": "usd", "created": 9},
    ],
}  # fmt: skip
WARNING: Json = {
    "id": "issfr_1", "livemode": False, "fraud_type": "misc", "actionable": False,
    "payment_intent": "pi_1",
}  # fmt: skip
INTENT: Json = {
    "id": "pi_1", "livemode": False, "status": "succeeded", "amount": 5000,
    "amount_received": 5000, "currency": "eur", "metadata": MARKS, "payment_method": "pm_1",
    "created": 5, "latest_charge": {**CHARGE, "created": 6},
}  # fmt: skip
SESSION: Json = {
    "id": "cs_1", "livemode": False, "mode": "payment", "status": "complete",
    "payment_status": "paid", "amount_total": 5950, "amount_subtotal": 5000, "currency": "eur",
    "payment_intent": "pi_1", "customer": "cus_1", "metadata": MARKS,
    "total_details": {"amount_tax": 950, "amount_discount": 0, "amount_shipping": None},
}  # fmt: skip
INVOICE: Json = {
    "id": "in_1", "livemode": False, "status": "paid", "currency": "eur", "amount_due": 5950,
    "amount_paid": 5950, "total": 5950, "total_excluding_tax": 5000, "attempted": True,
    "attempt_count": 1, "billing_reason": "subscription_create",
    "status_transitions": {"paid_at": 7},
    "parent": {"subscription_details": {
        "subscription": "sub_1", "metadata": {"pursebot_subscription_id": IDS},
    }},
    "payments": {"data": [
        {"status": "paid", "amount_paid": 5950, "payment": {"payment_intent": "pi_1"}},
        {"status": "open", "amount_paid": None, "payment": {"payment_intent": "pi_2"}},
    ]},
}  # fmt: skip
SUBSCRIPTION: Json = {
    "id": "sub_1", "status": "active", "metadata": {"pursebot_subscription_id": IDS},
    "items": {"data": [{
        "id": "si_1", "price": {"currency": "eur", "unit_amount": 5000}, "current_period_end": 7,
    }]},
}  # fmt: skip
METHOD: Json = {"id": "pm_1", "type": "card", "created": 7, "customer": "cus_1", "card": {}}
CUSTOMER: Json = {
    "id": "cus_1", "metadata": {"pursebot_installation": US, "pursebot_organization_id": IDS},
}  # fmt: skip
SETUP: Json = {"id": "seti_1", "customer": "cus_1", "metadata": {"pursebot_link_id": IDS}}


def facts() -> dict[str, tuple[Fact, Json]]:
    """A fact of each kind, and the JSON that SQL applies."""
    dispute = read(Dispute, DISPUTE)
    settled = read(Charge, CHARGE | {"balance_transaction": {"amount": 5400, "currency": "usd"}})
    taken = {**NOTIFIED, "livemode": False, "currency": "eur"}
    disputed = {
        **taken, "about": "dispute", "id": "dp_1", "stripe_charge_id": "ch_1", "amount_minor": 5000,
        "status": "lost", "reason": "fraudulent", "due_by": 7, "step": "withdrawn", "movements": 2,
        "moved": {"usd": 4900}, "happened_at": 9,
    }  # fmt: skip
    method = {"about": "method", "outcome": "changed", "stripe_customer_id": "cus_1"}
    return {
        "charged method": (
            parse_charged_method(read(Charge, CHARGE)),
            {
                "about": "card", "outcome": "charged", "installation": US, "payment_id": IDS,
                "stripe_payment_intent_id": "pi_1", "type": "card", "brand": "visa",
                "last_four": "4242",
            },
        ),
        "charge": (
            parse_charge(read(Charge, CHARGE)),
            {**taken, "about": "refunds", "id": "ch_1", "amount_minor": 700},
        ),
        "refund": (
            parse_refund(read(Refund, REFUND)),
            {
                **taken, "livemode": None, "about": "refund", "id": "re_1", "refund_id": IDS,
                "amount_minor": 700, "status": "succeeded", "reason": None, "failure": None,
                "happened_at": 7,
            },
        ),
        "dispute": (parse_dispute(dispute, "withdrawn"), disputed),
        "dispute refetched": (
            parse_refetched_dispute(dispute, settled, "withdrawn"),
            {**disputed, "charge_settled_minor": 5400, "refetched": True},
        ),
        "warning": (
            parse_warning(read(EarlyFraudWarning, WARNING)),
            {
                **taken, "about": "warning", "installation": None, "payment_id": None,
                "id": "issfr_1", "currency": None, "reason": "misc", "actionable": False,
            },
        ),
        "intent": (
            parse_intent(read(PaymentIntent, INTENT), "paid"),
            {
                "about": "payment", "source": "intent", "outcome": "paid", "installation": US,
                "payment_id": IDS, "stripe_payment_intent_id": "pi_1", "stripe_customer_id": None,
                "received_minor": 5000, "funded_minor": None, "tax_minor": 0, "plain": True,
                "currency": "eur",
                "decline": None, "stripe_payment_method_id": "pm_1", "happened_at": 6,
            },
        ),
        "session": (
            parse_session(read(CheckoutSession, SESSION)),
            {
                "about": "payment", "source": "session", "outcome": "paid", "installation": US,
                "payment_id": IDS, "stripe_checkout_session_id": "cs_1",
                "stripe_payment_intent_id": "pi_1", "stripe_customer_id": "cus_1",
                "received_minor": 5950, "funded_minor": None, "tax_minor": 950, "plain": False,
                "currency": "eur", "decline": None, "stripe_payment_method_id": None,
                "happened_at": None,
            },
        ),
        "invoice": (
            parse_invoice(read(Invoice, INVOICE), "paid"),
            {
                "about": "invoice", "source": "invoice", "outcome": "paid", "installation": None,
                "subscription_id": IDS, "stripe_subscription_id": "sub_1",
                "stripe_invoice_id": "in_1",
                "refetched": True, "intents": ["pi_1"], "stripe_payment_intent_id": "pi_1",
                "received_minor": 5950, "tax_minor": 950, "balance_minor": 0,
                "amount_minor": 5950, "currency": "eur",
                "first": True, "tries": 1, "url": None, "happened_at": 7,
            },
        ),
        "subscription": (
            parse_subscription(read(StripeSubscription, SUBSCRIPTION)),
            {
                "about": "subscription", "outcome": "changed", "installation": None,
                "subscription_id": IDS, "stripe_subscription_id": "sub_1",
            },
        ),
        "method": (
            parse_payment_method(read(StripePaymentMethod, METHOD)),
            {**method, "stripe_payment_method_id": "pm_1"},
        ),
        "customer": (
            parse_customer(read(Customer, CUSTOMER), "created"),
            {**method, "outcome": "created", "installation": US, "organization_id": IDS},
        ),
        "deleted_customer": (parse_deleted_customer(read(Customer, {"id": "cus_1"})), method),
        "setup": (
            parse_setup_intent(read(SetupIntent, SETUP)),
            {**method, "installation": None, "link_id": IDS},
        ),
        "refetch": (
            RefetchFact(
                about="dispute", outcome="refetch", kind="dispute", object_id="dp_1", step=None,
                installation=None, payment_id=None, subscription_id=None,
            ),
            {
                "about": "dispute", "outcome": "refetch", "kind": "dispute", "object_id": "dp_1",
                "step": None, "installation": None, "payment_id": None, "subscription_id": None,
            },
        ),
        "unreadable": (
            UnreadableFact(about="dispute", outcome="unreadable"),
            {"about": "dispute", "outcome": "unreadable"},
        ),
    }  # fmt: skip


@pytest.mark.parametrize("name", sorted(facts()))
def test_a_fact_is_what_sql_applies_and_comes_back_from_the_inbox(name: str) -> None:
    fact, expected = facts()[name]
    assert fact.as_json() == expected
    assert stored_fact(expected) == fact
    assert stored_fact(expected).as_json() == expected


@pytest.mark.parametrize(
    ("model", "source", "problems"),
    [
        (Charge, {**CHARGE, "amount_refunded": "700"}, "amount_refunded: int_type"),
        (Charge, {**CHARGE, "amount_refunded": True}, "amount_refunded: int_type"),
        (Refund, {**REFUND, "metadata": ["x"]}, "metadata: dict_type"),
        (Dispute, {k: v for k, v in DISPUTE.items() if k != "reason"}, "reason: missing"),
        (Invoice, {**INVOICE, "parent": None, "subscription": "sub_1"}, ": value_error"),
        (
            StripeSubscription,
            {**SUBSCRIPTION, "items": {"data": []}},
            "items.data: too_short",
        ),
        (StripePaymentMethod, {**METHOD, "card": "visa"}, "details: model_type"),
        (Customer, "cus_1", ": model_type"),
    ],
)
def test_what_is_not_as_documented_is_refused_with_the_fields_and_not_their_values(
    model: type[BaseModel], source: Any, problems: str
) -> None:
    with pytest.raises(StripeObjectUnreadable) as refused:
        read(model, source)
    assert refused.value.details == {"stripe_object": model.__name__, "problems": problems}


def test_what_stripe_adds_is_left_out() -> None:
    assert read(Charge, {**CHARGE, "new": {"deep": 1}}) == read(Charge, CHARGE)


@pytest.mark.parametrize("kind", sorted(DOCUMENTED))
def test_what_a_model_reads_stripes_document_has(kind: str) -> None:
    contract = load_contract()
    if contract is None:
        return  # tests/sandbox has a test that says so
    documented: Json = contract.SCHEMAS[contract.BYOBJ[kind]]["properties"]
    for name, field in DOCUMENTED[kind].model_fields.items():
        if name in NOT_STRIPES:
            continue
        assert name in documented, name
        if documented[name].get("nullable"):
            assert types.NoneType in typing.get_args(field.annotation), name
