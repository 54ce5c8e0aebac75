"""The audit log shows money in one form: decimal text, minor units and currency."""

from decimal import Decimal
from typing import Any

import asyncpg
import pytest

from backend.database.functions import adjustments
from tests.backend.conftest import ANA, System, token
from tests.backend.payments.test_charges import saved
from tests.backend.payments.test_refunds import refund
from tests.cases.stripe_objects import Connection, Json, dispute, paid, post

CHARGED = ("card_charged", "refund_requested", "refund_made", "subscription_started")


async def request(system: System, method: str, path: str, **body: Any) -> Json:
    """One of the API's routes as Ana; the answer."""
    headers = {"Authorization": f"Bearer {token(sub=str(ANA))}", "Idempotency-Key": path}
    answer = await system.http.request(
        method, system.url + path, json=body or None, headers=headers
    )
    assert answer.status < 300, await answer.text()
    return dict(await answer.json())


async def audited(system: System) -> dict[str, Json]:
    """The facts of what was done last, by the action."""
    path = f"/api/organizations/{system.world.acme}/audit?limit=100"
    entries = (await request(system, "GET", path))["entries"]
    return {entry["action"]: entry["facts"] for entry in reversed(entries)}


def money(facts: Json) -> tuple[Any, Any, Any]:
    return facts["amount"], facts["amount_minor"], facts["currency"]


@pytest.mark.parametrize(
    ("currency", "amount", "minor"), [("eur", "50.00", 5000), ("jpy", "5000", 5000)]
)
async def test_every_act_has_its_amount_in_both_units_with_the_currency(
    system: System, currency: str, amount: str, minor: int
) -> None:
    await saved(system)
    place = {"organization_id": str(system.world.acme), "currency": currency, "amount": amount}
    charged = await request(system, "POST", "/api/payments/charge", **place)
    await system.until(charged["id"], lambda seen: seen.status == "succeeded")
    await refund(system, charged["id"])
    await system.until(charged["id"], lambda seen: bool(seen.refunded and seen.refunds))
    await request(system, "POST", "/api/payments/subscriptions", **place, interval="month")
    acts = await audited(system)
    assert {action: money(acts[action]) for action in CHARGED} == dict.fromkeys(
        CHARGED, (amount, minor, currency)
    )


async def test_changes_of_a_subscription_have_the_new_amount_or_none(system: System) -> None:
    place = {"organization_id": str(system.world.acme), "currency": "eur", "amount": "50"}
    place["payment_method_id"] = await saved(system)
    path = "/api/payments/subscriptions"
    subscription = await request(system, "POST", path, **place, interval="month")
    await request(system, "PATCH", f"{path}/{subscription['id']}", amount="60")
    assert money((await audited(system))["subscription_change_requested"]) == ("60.00", 6000, "eur")
    await request(system, "PATCH", f"{path}/{subscription['id']}", paused=True)
    facts = (await audited(system))["subscription_change_requested"]
    assert (facts["paused"], "amount" in facts, "currency" in facts) == (True, False, False)


async def test_disputes_and_warnings_have_it_too(system: System, owner: Connection) -> None:
    _, intent = await paid(system)
    taken = dispute(intent, "needs_response", (-5000, "eur"), amount=17_000_000, currency="mnt")
    await post(system, "charge.dispute.created", {**taken, "balance_transactions": []})
    await post(system, "charge.dispute.funds_withdrawn", taken)
    warning = {
        "id": "issfr_1", "object": "radar.early_fraud_warning", "livemode": False,
        "payment_intent": intent, "fraud_type": "misc", "actionable": True, "charge": "ch_1",
    }  # fmt: skip
    await post(system, "radar.early_fraud_warning.created", warning)
    acts = await audited(system)
    for action in ("dispute_withdrawn", "fraud_warned"):
        assert money(acts[action]) == ("50.00", 5000, "eur"), action


@pytest.mark.parametrize(
    "facts",
    [
        '{"amount": 100}',
        '{"amount": "1.00"}',
        '{"amount": "1.00", "amount_minor": 100}',
        '{"amount": 100, "amount_minor": 100, "currency": "eur"}',
        '{"amount": "1.00", "amount_minor": "100", "currency": "eur"}',
        '{"amount": null, "amount_minor": null, "currency": null}',
        '{"currency": "eur"}',
    ],
)
async def test_the_log_takes_no_amount_in_another_form(owner: Connection, facts: str) -> None:
    with pytest.raises(asyncpg.CheckViolationError, match="audit_log_money_is_whole"):
        await owner.execute("select private.audit(null, 'something_done', $1)", facts)


async def test_an_adjustment_below_zero_is_audited_with_its_sign(system: System) -> None:
    await adjustments.adjust_wallet(
        system.services.database,
        terms={
            "reference": "r1", "organization_id": str(system.world.acme), "currency": "kwd",
            "amount": -1500, "reason": "by hand", "operator": "me",
        },
        dry_run=False,
    )  # fmt: skip
    facts = (await audited(system))["wallet_adjusted"]
    assert money(facts) == ("-1.500", -1500, "kwd")
    assert Decimal(facts["amount"]) < 0
