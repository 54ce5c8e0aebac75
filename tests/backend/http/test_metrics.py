"""/metrics and /ready: numbers a person can act on, and nothing that identifies anybody."""

import asyncio
from typing import Any

import asyncpg
import pytest

from backend.app import create_app
from backend.database.functions.operating_figures import OperatingFigures
from backend.metrics import Metrics
from backend.schemas import CheckoutRequest, NotificationResult, ShownIn
from sandbox.runner.ports import free_ports
from tests.backend.conftest import ANA, DECLINE, System, chosen, listening
from tests.backend.stripe.test_webhooks import body, signed
from tests.snapshots.surface import FIGURES


async def scrape(system: System) -> dict[str, float]:
    """Every sample by its name and labels."""
    async with system.http.get(f"{system.url}/metrics") as answer:
        assert answer.headers["Content-Type"].startswith("text/plain; version=")
        lines = (await answer.text()).splitlines()
    samples = (line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
    return {name: float(value) for name, value in samples}


async def deliver_notifications(system: System) -> None:
    """Deliver everything, as the bot does."""
    for notification in (await system.client.claim_notifications(wait=0)).notifications:
        result = NotificationResult(claim=notification.claim, outcome="delivered", message_id=7)
        await system.client.report_notification(notification.id, result)


async def test_a_topup_shows_in_every_number(system: System) -> None:
    shown = ShownIn(chat_id=ANA, message_id=7)
    request = CheckoutRequest(
        organization_id=system.world.acme, amount="50", currency="eur", shown_in=shown
    )
    payment = (await system.client.create_checkout(ANA, request, idempotency_key="key")).payment_id
    await deliver_notifications(system)  # the link
    await system.pay(payment, card=DECLINE)
    await system.until(payment, lambda seen: seen.last_decline is not None)
    declined = await scrape(system)
    assert declined['pursebot_payments{decline="generic_decline",status="pending"}'] == 1
    assert declined["pursebot_outbox_due"] == 1
    assert declined["pursebot_outbox_oldest_due_seconds"] > 0
    await system.pay(payment)
    await system.until(payment, lambda seen: seen.status == "succeeded")
    await deliver_notifications(system)  # that it is paid, to the payer and to Ben
    completed = 'pursebot_webhook_answers_total{status="200",type="checkout.session.completed"}'
    async with asyncio.timeout(60):
        while (metrics_text := await scrape(system)).get(completed) != 1:
            await asyncio.sleep(0.01)
    assert metrics_text['pursebot_payments{decline="",status="succeeded"}'] == 1
    assert metrics_text["pursebot_outbox_waiting"] == 0
    assert metrics_text["pursebot_payment_to_chat_seconds_count"] == 1
    assert 0 < metrics_text["pursebot_payment_to_chat_seconds_sum"] < 5
    assert metrics_text["pursebot_webhook_lag_seconds_count"] >= 2


async def test_what_went_wrong_is_counted_and_nobody_is_named(system: System) -> None:
    await system.sandbox("POST", "/stripe/faults", drop=True)
    payment = await system.topup()
    other = body(payment, id="evt_other", type="payout.paid")
    assert (await system.post_event(other, signed(other)))[0] == 200
    assert (await system.post_event(other, "t=1,v1=0"))[0] == 400
    unreadable = body(id="evt_odd", data={"object": {}})
    assert (await system.post_event(unreadable, signed(unreadable)))[0] == 500
    lost = body("00000000-0000-0000-0000-000000000000", id="evt_lost")
    assert (await system.post_event(lost, signed(lost)))[0] == 200
    metrics_text = await scrape(system)
    assert metrics_text['pursebot_webhook_answers_total{status="200",type="other"}'] == 1
    assert metrics_text['pursebot_webhook_answers_total{status="400",type="unverified"}'] == 1
    assert metrics_text['pursebot_events_open{state="failed"}'] == 1
    assert metrics_text['pursebot_events_open{state="dead_letter"}'] == 1
    assert 0 < metrics_text["pursebot_dead_letter_oldest_seconds"] < 60
    assert metrics_text['pursebot_events_ignored_total{reason="nothing to do"}'] == 1
    assert metrics_text['pursebot_errors_total{code="event_not_applied",status="500"}'] == 1
    assert metrics_text['pursebot_errors_total{code="invalid_signature",status="400"}'] == 1
    text = "\n".join(metrics_text)
    for secret in (str(payment), str(system.world.acme), "Ana", "Acme", "evt_", "customer"):
        assert secret not in text


async def test_only_who_has_the_token_or_sits_at_the_machine_may_scrape(system: System) -> None:
    async def status(url: str, **headers: str) -> int:
        async with system.http.get(f"{url}/metrics", headers=headers) as answer:
            return answer.status

    assert await status(system.url) == 200
    for header in ("X-Forwarded-For", "Forwarded", "X-Real-IP"):
        assert await status(system.url, **{header: "127.0.0.1"}) == 401
    [port] = free_ports(1)
    app = create_app(
        system.services, chosen(metrics_token="only for prometheus"), reconciling=False
    )
    async with listening(app, port):
        url = f"http://127.0.0.1:{port}"
        assert await status(url) == 401
        assert await status(url, Authorization="Bearer wrong") == 401
        assert await status(url, Authorization="Bearer only for prometheus") == 200


async def test_a_database_that_lacks_a_migration_is_not_ready(
    system: System, owner: "asyncpg.Connection[Any]"
) -> None:
    async def ready() -> tuple[int, str]:
        async with system.http.get(f"{system.url}/ready") as answer:
            return answer.status, await answer.text()

    assert (await ready())[0] == 200
    newest = "(select max(version) from supabase_migrations.schema_migrations)"
    await owner.execute(
        f"delete from supabase_migrations.schema_migrations where version = {newest}"  # noqa: S608
    )
    status, metrics_text = await ready()
    assert (status, "lacks 1 migrations" in metrics_text) == (503, True)


@pytest.mark.parametrize("decline", ["Ana <b>", "x" * 60])
def test_a_decline_code_that_is_none_is_not_repeated(decline: str) -> None:
    row = {"status": "pending", "decline": decline, "number": 2}
    figures = OperatingFigures.model_validate({**FIGURES, "payments": [row]})
    assert b'decline="other",status="pending"} 2.0' in Metrics().render(figures)
