"""Events of other accounts, other installations, other API versions, and thin ones."""

import json
from typing import Any

import pytest
from structlog.testing import capture_logs

from backend.database.protocol import SERVICE
from backend.stripe import reconcile
from backend.stripe.client import API_VERSION
from tests.backend.conftest import System
from tests.backend.doctor.test_doctor import DoctorRunner, doctor_runner
from tests.backend.stripe.test_webhooks import paid_at_stripe, signed
from tests.cases.stripe_objects import (
    Connection,
    balance,
    deliver,
    dispute,
    event,
    intent_of,
    paid,
    post,
    refund,
)

__all__ = ["doctor_runner"]

OLD = "2025-02-24.acacia"
OTHER_INSTALLATION = "00000000-0000-4000-8000-00000000beef"


async def unpaid(system: System) -> Any:
    await system.sandbox("POST", "/stripe/faults", drop=True)
    return await system.topup()


async def test_an_event_of_a_connected_account_is_recorded_and_never_applied(
    system: System, owner: Connection
) -> None:
    _, ours = await paid(system, "first")
    payment = await unpaid(system)
    intent = {
        "id": "pi_of_the_other_account", "object": "payment_intent", "amount": 5000,
        "amount_received": 5000, "livemode": False, "currency": "eur", "status": "succeeded",
        "metadata": {"pursebot_payment_id": str(payment)},
    }  # fmt: skip
    other = {"account": "acct_1Connected"}
    assert await post(system, "payment_intent.succeeded", intent, **other) == (200, "ignored")
    row = await owner.fetchrow("select account, reason from stripe_events where account <> ''")
    assert tuple(row or ()) == ("acct_1Connected", "another account")
    # The same of money that went back, of a payment that is credited.
    for type, about in (
        ("refund.created", refund(ours, 5000)),
        ("charge.dispute.funds_withdrawn", dispute(ours, "lost", (-5000, "eur"))),
    ):
        assert await post(system, type, about, **other) == (200, "ignored")
    assert await balance(owner) == 5000


async def test_an_event_that_names_our_own_account_is_ours(
    system: System, owner: Connection
) -> None:
    payment = await unpaid(system)
    ours = json.loads(await paid_at_stripe(system, payment))
    [account] = [row["id"] for row in [await system.sandbox("GET", "/stripe/account")]]
    assert await deliver(system, {**ours, "account": account}) == (200, "done")
    assert await balance(owner) == 5000


@pytest.mark.parametrize("type", ["payment_intent.succeeded", "checkout.session.completed"])
async def test_what_another_installation_made_is_not_ours(
    system: System, owner: Connection, type: str
) -> None:
    payment = await unpaid(system)
    await paid_at_stripe(system, payment)
    [theirs] = [e for _, e in system.store.list("event") if e["type"] == type]
    metadata = theirs["data"]["object"]["metadata"]
    assert metadata["pursebot_installation"] == system.services.stripe.installation_id
    metadata["pursebot_installation"] = OTHER_INSTALLATION
    assert await deliver(system, theirs) == (200, "ignored")
    assert await balance(owner) == 0
    async with system.http.get(f"{system.url}/metrics") as answer:
        counted = 'pursebot_events_ignored_total{reason="another installation"} 1.0'
        assert counted in await answer.text()


async def test_what_has_our_metadata_and_is_of_nobody_here_is_answered_200(system: System) -> None:
    intent = {
        "id": "pi_1", "object": "payment_intent", "amount": 5000, "amount_received": 5000,
        "livemode": False, "currency": "eur", "status": "succeeded",
        "metadata": {"pursebot_payment_id": OTHER_INSTALLATION},
    }  # fmt: skip
    assert await post(system, "payment_intent.succeeded", intent) == (200, "dead_letter")


async def test_an_event_of_another_release_is_fetched_and_not_believed(
    system: System, owner: Connection
) -> None:
    payment = await unpaid(system)
    stripe_event = json.loads(await paid_at_stripe(system, payment))
    stripe_event["api_version"] = OLD
    stripe_event["data"]["object"]["amount_received"] = 1  # whatever that field meant then
    assert await deliver(system, stripe_event) == (200, "done")
    assert await balance(owner) == 5000
    assert await owner.fetchval("select api_version from stripe_events where account is null")


@pytest.mark.parametrize(("version", "amount_requested"), [(OLD, 1), (API_VERSION, 0), (None, 0)])
async def test_only_a_version_of_our_release_is_believed_without_asking(
    system: System, owner: Connection, version: str | None, amount_requested: int
) -> None:
    payment = await unpaid(system)
    await paid_at_stripe(system, payment)
    type = "checkout.session.completed"
    [stripe_event] = [e for _, e in system.store.list("event") if e["type"] == type]
    before = len((await system.sandbox("GET", "/recorded?limit=1000"))["calls"])
    assert await deliver(system, {**stripe_event, "api_version": version}) == (200, "done")
    calls = (await system.sandbox("GET", "/recorded?limit=1000"))["calls"]
    new = calls[before:]
    assert (
        len([c for c in new if c["path"].startswith("/v1/checkout/sessions/")]) == amount_requested
    )
    assert await balance(owner) == 5000


async def test_a_version_of_our_own_release_is_believed(system: System) -> None:
    payment = await unpaid(system)
    stripe_event = json.loads(await paid_at_stripe(system, payment))
    _, _, release = stripe_event["api_version"].rpartition(".")
    later = {**stripe_event, "api_version": f"2099-01-01.{release}"}
    assert await deliver(system, later) == (200, "done")
    fact = await system.services.database.call("get_event", SERVICE, event_id=stripe_event["id"])
    assert fact["fact"]["outcome"] == "paid"


async def test_an_event_of_another_release_is_never_answered_5xx(
    system: System, owner: Connection
) -> None:
    payment = await unpaid(system)
    stripe_event = json.loads(await paid_at_stripe(system, payment))
    stripe_event["api_version"] = OLD
    stripe = system.services.stripe
    original = stripe.get_intent, stripe.get_session
    gone = {**stripe_event, "id": "evt_gone"}
    gone["data"] = {"object": {"id": "pi_nobody_knows", "metadata": {}}}
    assert await deliver(system, gone) == (200, "dead_letter")
    assert (stripe.get_intent, stripe.get_session) == original
    assert await balance(owner) == 0
    # What could not be fetched the reconciler fetches.
    await reconcile.reconcile_all(system.services)
    assert await balance(owner) == 5000


@pytest.mark.parametrize("version", [{"api_version": OLD}, {}])
async def test_an_invoice_of_an_older_version_is_asked_about(
    system: System, owner: Connection, version: dict[str, str]
) -> None:
    invoice = {
        "id": "in_nobody_knows", "object": "invoice", "amount_paid": 2000, "subtotal": 2000,
        "currency": "eur", "subscription": "sub_1", "paid": True, "attempt_count": 1,
        "subscription_details": {"metadata": {"pursebot_subscription_id": OTHER_INSTALLATION}},
    }  # fmt: skip
    with capture_logs() as logs:
        status, state = await post(system, "invoice.paid", invoice, **version)
    assert (status, state) == (200, "dead_letter")  # Stripe does not have it: loud, with a way out
    assert [line for line in logs if line["log_level"] == "error"]
    assert await owner.fetchval("select reason from stripe_events") == "resource_missing"


@pytest.mark.parametrize(
    "type",
    [
        "refund.created", "charge.refunded", "charge.dispute.created", "customer.updated",
        "payment_method.attached", "setup_intent.succeeded", "invoice.paid",
        "customer.subscription.updated", "radar.early_fraud_warning.created",
        "checkout.session.completed", "payment_intent.canceled",
    ],
)  # fmt: skip
async def test_every_kind_of_another_release_is_fetched(
    system: System, owner: Connection, type: str
) -> None:
    await system.sandbox("POST", "/stripe/faults", drop=True)
    status, _ = await post(system, type, {"id": "x_1", "metadata": None}, api_version="2020-08-27")
    assert status == 200
    assert await owner.fetchval("select fact ->> 'object_id' from stripe_events") in ("x_1", None)
    calls = (await system.sandbox("GET", "/recorded?limit=1000"))["calls"]
    stripe_calls = [c["path"] for c in calls if c["path"].endswith("/x_1")]
    assert stripe_calls


async def test_a_thin_event_is_refused_in_words_that_name_it(system: System) -> None:
    thin = {
        "id": "evt_test_1", "object": "v2.core.event", "type": "v1.payment_intent.succeeded",
        "livemode": False, "created": "2026-11-29T19:40:00.000Z",
        "related_object": {"id": "pi_1", "type": "payment_intent", "url": "/v1/payment_intents/1"},
    }  # fmt: skip
    raw = json.dumps(thin).encode()
    with capture_logs() as logs:
        status, body = await system.post_event(raw, signed(raw))
    assert (status, body["error"]["code"]) == (400, "invalid_request")
    assert "thin events" in body["error"]["message"]
    assert "stripe_event_thin_rejected" in [line["event"] for line in logs]


async def test_all_that_we_make_at_stripe_says_which_installation_made_it(system: System) -> None:
    payment, intent = await paid(system)
    await system.sandbox("POST", f"/stripe/clawbacks/{intent}", step="refund", amount=100)
    ours = system.services.stripe.installation_id
    for kind in ("checkout.session", "payment_intent", "customer"):
        for _, made in system.store.list(kind):
            assert made["metadata"]["pursebot_installation"] == ours
    assert intent_of(system, payment) == intent
    assert event("x", {})["id"] != event("x", {})["id"]


async def test_doctor_names_thin_destinations_and_the_version_that_an_endpoint_should_have(
    doctor_runner: DoctorRunner, system: System
) -> None:
    await system.sandbox("POST", "/stripe/faults", thin=True)
    code, findings = await doctor_runner.examine()
    assert code == 1
    assert "thin events" in findings["error", "webhook"]
    assert "payload style Snapshot" in findings["error", "webhook"]
    await system.sandbox("POST", "/stripe/faults", thin=False, api_version=OLD)
    _, findings = await doctor_runner.examine()
    assert f"API version {OLD}" in findings["warning", "webhook"]
    assert f"API version {API_VERSION}" in findings["warning", "webhook"]
