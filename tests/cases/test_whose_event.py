"""Events of other accounts, other installations, other API versions, and thin ones."""

import json
from typing import Any

import pytest
from structlog.testing import capture_logs

from backend.database.protocol import SERVICE
from backend.stripe import reconcile
from backend.stripe.client import API_VERSION
from tests.backend.conftest import House
from tests.backend.doctor.test_doctor import Clinic, clinic
from tests.backend.stripe.test_webhooks import paid_at_stripe, signed
from tests.cases.stripe_words import (
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

__all__ = ["clinic"]

OLD = "2025-02-24.acacia"
NEIGHBOUR = "00000000-0000-4000-8000-00000000beef"


async def unpaid(house: House) -> Any:
    await house.sandbox("POST", "/stripe/faults", drop=True)
    return await house.topup()


async def test_an_event_of_a_connected_account_is_recorded_and_never_applied(
    house: House, owner: Connection
) -> None:
    _, ours = await paid(house, "first")
    payment = await unpaid(house)
    intent = {
        "id": "pi_of_the_other_account", "object": "payment_intent", "amount": 5000,
        "amount_received": 5000, "livemode": False, "currency": "eur", "status": "succeeded",
        "metadata": {"pursebot_payment_id": str(payment)},
    }  # fmt: skip
    other = {"account": "acct_1Connected"}
    assert await post(house, "payment_intent.succeeded", intent, **other) == (200, "ignored")
    row = await owner.fetchrow("select account, reason from stripe_events where account <> ''")
    assert tuple(row or ()) == ("acct_1Connected", "another account")
    # The same of money that went back, of a payment that is credited.
    for type, about in (
        ("refund.created", refund(ours, 5000)),
        ("charge.dispute.funds_withdrawn", dispute(ours, "lost", (-5000, "eur"))),
    ):
        assert await post(house, type, about, **other) == (200, "ignored")
    assert await balance(owner) == 5000


async def test_an_event_that_names_our_own_account_is_ours(house: House, owner: Connection) -> None:
    payment = await unpaid(house)
    ours = json.loads(await paid_at_stripe(house, payment))
    [account] = [row["id"] for row in [await house.sandbox("GET", "/stripe/account")]]
    assert await deliver(house, {**ours, "account": account}) == (200, "done")
    assert await balance(owner) == 5000


@pytest.mark.parametrize("type", ["payment_intent.succeeded", "checkout.session.completed"])
async def test_what_another_installation_made_is_not_ours(
    house: House, owner: Connection, type: str
) -> None:
    payment = await unpaid(house)
    await paid_at_stripe(house, payment)
    [theirs] = [e for _, e in house.store.list("event") if e["type"] == type]
    metadata = theirs["data"]["object"]["metadata"]
    assert metadata["pursebot_installation"] == house.shop.stripe.installation_id
    metadata["pursebot_installation"] = NEIGHBOUR
    assert await deliver(house, theirs) == (200, "ignored")
    assert await balance(owner) == 0
    async with house.http.get(f"{house.url}/metrics") as answer:
        counted = 'pursebot_events_ignored_total{reason="another installation"} 1.0'
        assert counted in await answer.text()


async def test_what_has_our_metadata_and_is_of_nobody_here_is_answered_200(house: House) -> None:
    intent = {
        "id": "pi_1", "object": "payment_intent", "amount": 5000, "amount_received": 5000,
        "livemode": False, "currency": "eur", "status": "succeeded",
        "metadata": {"pursebot_payment_id": NEIGHBOUR},
    }  # fmt: skip
    assert await post(house, "payment_intent.succeeded", intent) == (200, "parked")


async def test_an_event_of_another_release_is_fetched_and_not_believed(
    house: House, owner: Connection
) -> None:
    payment = await unpaid(house)
    told = json.loads(await paid_at_stripe(house, payment))
    told["api_version"] = OLD
    told["data"]["object"]["amount_received"] = 1  # whatever that field meant then
    assert await deliver(house, told) == (200, "done")
    assert await balance(owner) == 5000
    assert await owner.fetchval("select api_version from stripe_events where account is null")


@pytest.mark.parametrize(("version", "asked"), [(OLD, 1), (API_VERSION, 0), (None, 0)])
async def test_only_a_version_of_our_release_is_believed_without_asking(
    house: House, owner: Connection, version: str | None, asked: int
) -> None:
    payment = await unpaid(house)
    await paid_at_stripe(house, payment)
    type = "checkout.session.completed"
    [told] = [e for _, e in house.store.list("event") if e["type"] == type]
    before = len((await house.sandbox("GET", "/recorded?limit=1000"))["calls"])
    assert await deliver(house, {**told, "api_version": version}) == (200, "done")
    calls = (await house.sandbox("GET", "/recorded?limit=1000"))["calls"]
    new = calls[before:]
    assert len([c for c in new if c["path"].startswith("/v1/checkout/sessions/")]) == asked
    assert await balance(owner) == 5000


async def test_a_version_of_our_own_release_is_believed(house: House) -> None:
    payment = await unpaid(house)
    told = json.loads(await paid_at_stripe(house, payment))
    _, _, release = told["api_version"].rpartition(".")
    later = {**told, "api_version": f"2099-01-01.{release}"}
    assert await deliver(house, later) == (200, "done")
    fact = await house.shop.database.call("get_event", SERVICE, event_id=told["id"])
    assert fact["fact"]["outcome"] == "paid"


async def test_an_event_of_another_release_is_never_answered_5xx(
    house: House, owner: Connection
) -> None:
    payment = await unpaid(house)
    told = json.loads(await paid_at_stripe(house, payment))
    told["api_version"] = OLD
    stripe = house.shop.stripe
    original = stripe.get_intent, stripe.get_session
    gone = {**told, "id": "evt_gone"}
    gone["data"] = {"object": {"id": "pi_nobody_knows", "metadata": {}}}
    assert await deliver(house, gone) == (200, "parked")
    assert (stripe.get_intent, stripe.get_session) == original
    assert await balance(owner) == 0
    # What could not be fetched the reconciler fetches.
    await reconcile.once(house.shop)
    assert await balance(owner) == 5000


@pytest.mark.parametrize("version", [{"api_version": OLD}, {}])
async def test_an_invoice_of_an_older_version_is_asked_about(
    house: House, owner: Connection, version: dict[str, str]
) -> None:
    invoice = {
        "id": "in_nobody_knows", "object": "invoice", "amount_paid": 2000, "subtotal": 2000,
        "currency": "eur", "subscription": "sub_1", "paid": True, "attempt_count": 1,
        "subscription_details": {"metadata": {"pursebot_subscription_id": NEIGHBOUR}},
    }  # fmt: skip
    with capture_logs() as logs:
        status, state = await post(house, "invoice.paid", invoice, **version)
    assert (status, state) == (200, "parked")  # Stripe does not have it: loud, with a way out
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
    house: House, owner: Connection, type: str
) -> None:
    await house.sandbox("POST", "/stripe/faults", drop=True)
    status, _ = await post(house, type, {"id": "x_1", "metadata": None}, api_version="2020-08-27")
    assert status == 200
    assert await owner.fetchval("select fact ->> 'object_id' from stripe_events") in ("x_1", None)
    calls = (await house.sandbox("GET", "/recorded?limit=1000"))["calls"]
    asked = [c["path"] for c in calls if c["path"].endswith("/x_1")]
    assert asked or type == "customer.updated"  # which one it is says enough


async def test_a_thin_event_is_refused_in_words_that_name_it(house: House) -> None:
    thin = {
        "id": "evt_test_1", "object": "v2.core.event", "type": "v1.payment_intent.succeeded",
        "livemode": False, "created": "2026-11-29T19:40:00.000Z",
        "related_object": {"id": "pi_1", "type": "payment_intent", "url": "/v1/payment_intents/1"},
    }  # fmt: skip
    raw = json.dumps(thin).encode()
    with capture_logs() as logs:
        status, said = await house.post_event(raw, signed(raw))
    assert (status, said["error"]["code"]) == (400, "invalid_request")
    assert "thin events" in said["error"]["message"]
    assert "stripe_event_thin" in [line["event"] for line in logs]


async def test_all_that_we_make_at_stripe_says_which_installation_made_it(house: House) -> None:
    payment, intent = await paid(house)
    await house.sandbox("POST", f"/stripe/clawbacks/{intent}", step="refund", amount=100)
    ours = house.shop.stripe.installation_id
    for kind in ("checkout.session", "payment_intent", "customer"):
        for _, made in house.store.list(kind):
            assert made["metadata"]["pursebot_installation"] == ours
    assert intent_of(house, payment) == intent
    assert event("x", {})["id"] != event("x", {})["id"]


async def test_doctor_names_thin_destinations_and_the_version_that_an_endpoint_should_have(
    clinic: Clinic, house: House
) -> None:
    await house.sandbox("POST", "/stripe/faults", thin=True)
    code, said = await clinic.examine()
    assert code == 1
    assert "thin events" in said["error", "webhook"]
    assert "payload style Snapshot" in said["error", "webhook"]
    await house.sandbox("POST", "/stripe/faults", thin=False, api_version=OLD)
    _, said = await clinic.examine()
    assert f"speaks {OLD}" in said["warning", "webhook"]
    assert f"API version {API_VERSION}" in said["warning", "webhook"]
