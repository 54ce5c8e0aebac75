"""What the worker reports for everything that Telegram can answer: real HTTP on both sides."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
from telegram.constants import ParseMode
from telegram.error import TelegramError
from telegram.ext import Defaults, ExtBot
from telegram.request import HTTPXRequest

from backend.schemas import NotificationResult
from bot.backend_api.client import BackendClient
from bot.delivery.worker import DeliveryWorker
from bot.locales.texts import load_texts
from sandbox.personas import GROUP, GROUP_ID
from tests.bot.conftest import buttons
from tests.bot.fake_backend import ANA, BEN, FakeBackend, notification, payment
from tests.sandbox.telegram.playground import TOKEN, Playground

NOBODY = 9999
SUPERGROUP = -1001234


@asynccontextmanager
async def working(url: str, client: BackendClient, token: str = TOKEN) -> AsyncIterator[None]:
    """A worker with little patience for Telegram."""
    request = HTTPXRequest(8, read_timeout=3, connect_timeout=3)
    bot: ExtBot[None] = ExtBot(
        token, f"{url}/bot", request=request, defaults=Defaults(parse_mode=ParseMode.HTML)
    )
    with suppress(TelegramError):  # where Telegram is away, or refuses the token
        await bot.initialize()
    worker = asyncio.create_task(DeliveryWorker(bot, client, load_texts()).run())
    try:
        yield
    finally:
        worker.cancel()
        with suppress(asyncio.CancelledError):
            await worker
        await request.shutdown()


@pytest.fixture
async def worker(telegram: Playground, client: BackendClient) -> AsyncIterator[None]:
    for name in ("ana", "ben"):  # a bot may only write to whom has written to it
        await telegram.write(name, "/start")
    async with working(telegram.url, client):
        yield


async def report(backend: FakeBackend, **changed: Any) -> NotificationResult:
    """What came of one notification."""
    backend.outbox.put_nowait(notification(payment(), **changed))
    return await asyncio.wait_for(backend.reports.get(), 60)


@pytest.mark.usefixtures("worker")
async def test_a_new_message_is_delivered_and_then_edited_in_place(
    telegram: Playground, backend: FakeBackend
) -> None:
    sent = await report(backend)
    assert sent.outcome == "delivered"
    backend.outbox.put_nowait(
        notification(payment(status="canceled", url=None), message_id=sent.message_id)
    )
    edited = await asyncio.wait_for(backend.reports.get(), 60)
    assert (edited.outcome, edited.message_id) == ("delivered", sent.message_id)
    message = (await telegram.chat("ana"))["messages"][-1]
    assert message["text"].startswith("Canceled.")
    assert list(buttons(message)) == ["New link"]


@pytest.mark.usefixtures("worker")
async def test_an_edit_that_changes_nothing_is_delivered(backend: FakeBackend) -> None:
    shown = payment()
    backend.outbox.put_nowait(notification(shown))
    message_id = (await asyncio.wait_for(backend.reports.get(), 60)).message_id
    backend.outbox.put_nowait(notification(shown, message_id=message_id))
    again = await asyncio.wait_for(backend.reports.get(), 60)
    assert (again.outcome, again.message_id) == ("delivered", message_id)


@pytest.mark.usefixtures("worker")
async def test_another_member_reads_who_added_how_much(
    telegram: Playground, backend: FakeBackend
) -> None:
    credited = payment(status="succeeded", balance=payment().money)
    backend.outbox.put_nowait(notification(credited, kind="wallet_credited", chat_id=BEN))
    assert (await asyncio.wait_for(backend.reports.get(), 60)).outcome == "delivered"
    message = (await telegram.chat("ben"))["messages"][-1]
    assert message["text"] == "Ana added €50.00 to Acme.\nNew balance: €50.00"


@pytest.mark.usefixtures("worker")
@pytest.mark.parametrize("silent", [True, False])
async def test_in_quiet_hours_a_message_comes_without_a_sound(
    telegram: Playground, backend: FakeBackend, silent: bool
) -> None:
    await report(backend, silent=silent)
    assert (await telegram.chat("ana"))["messages"][-1]["silent"] is silent


@pytest.mark.usefixtures("worker")
async def test_a_group_reads_it_without_buttons_and_a_topic_that_is_gone_is_reported(
    telegram: Playground, backend: FakeBackend
) -> None:
    await telegram.post("groups", user="ana", event="add_bot")
    credited = payment(status="succeeded", url=None)
    facts = {"kind": "wallet_credited", "chat_id": GROUP_ID}
    for topic, outcome in ((7, "topic_closed"), (None, "delivered")):
        backend.outbox.put_nowait(notification(credited, message_thread_id=topic, **facts))
        assert (await asyncio.wait_for(backend.reports.get(), 60)).outcome == outcome
    [message] = (await telegram.chat("eve", chat=GROUP))["messages"]
    assert (message["text"], buttons(message)) == ("Ana added €50.00 to Acme.", {})


@pytest.mark.usefixtures("worker")
async def test_only_a_new_message_says_that_it_is_sent_again(
    telegram: Playground, backend: FakeBackend
) -> None:
    sent = await report(backend, repeat=True)
    assert "(sent again" in (await telegram.chat("ana"))["messages"][-1]["text"]
    await report(backend, repeat=True, message_id=sent.message_id)
    assert "(sent again" not in (await telegram.chat("ana"))["messages"][-1]["text"]


@pytest.mark.usefixtures("worker")
async def test_messages_that_cannot_be_edited_any_more_are_gone(backend: FakeBackend) -> None:
    assert (await report(backend, message_id=777)).outcome == "gone"
    her_own = 1  # what Ana wrote herself
    assert (await report(backend, message_id=her_own)).outcome == "gone"


@pytest.mark.usefixtures("worker")
async def test_another_bad_request_is_refused_with_telegrams_reason(backend: FakeBackend) -> None:
    result = await report(backend, chat_id=NOBODY)
    assert (result.outcome, result.reason) == ("refused", "Chat not found")


@pytest.mark.usefixtures("worker")
@pytest.mark.parametrize(
    ("faults", "expected"),
    [
        ({"blocked": ["ana"]}, {"outcome": "blocked"}),
        (
            {"migrated": [{"chat": ANA, "to": SUPERGROUP}]},
            {"outcome": "migrated", "new_chat_id": SUPERGROUP},
        ),
        ({"too_many_requests": {"retry_after": 7}}, {"outcome": "retry", "retry_after": 7}),
        ({"server_error": {"code": 502}}, {"outcome": "retry", "retry_after": None}),
        ({"server_error": {"code": 500}}, {"outcome": "retry", "retry_after": None}),
        ({"timeout_after_delivery": {"seconds": 5}}, {"outcome": "ambiguous"}),
        ({"timeout_after_delivery": {"seconds": 0}}, {"outcome": "ambiguous"}),
    ],
    ids=["blocked", "migrated", "429", "502", "500", "no answer in time", "connection lost"],
)
async def test_what_telegram_answers_becomes_its_outcome(
    telegram: Playground, backend: FakeBackend, faults: dict[str, Any], expected: dict[str, Any]
) -> None:
    await telegram.post("faults", **faults)
    reported = (await report(backend)).model_dump()
    assert {name: reported[name] for name in expected} == expected


async def test_a_telegram_that_cannot_be_reached_is_tried_again(
    backend: FakeBackend, client: BackendClient, unused_tcp_port_factory: Callable[[], int]
) -> None:
    async with working(f"http://127.0.0.1:{unused_tcp_port_factory()}", client):
        assert (await report(backend)).outcome == "retry"


async def test_a_refused_token_loses_no_notification(
    telegram: Playground, backend: FakeBackend, client: BackendClient
) -> None:
    async with working(telegram.url, client, token="424242:another-token"):
        assert (await report(backend)).outcome == "retry"


@pytest.mark.usefixtures("worker")
async def test_a_backend_that_was_away_is_waited_for(backend: FakeBackend) -> None:
    backend.lose_connections("POST /internal/notifications/claim", times=2)
    assert (await report(backend)).outcome == "delivered"
    assert (await report(backend)).outcome == "delivered"


@pytest.mark.usefixtures("worker")
async def test_a_report_that_gets_lost_is_sent_again(backend: FakeBackend) -> None:
    backend.lose_connections("POST /internal/notifications/{id}/result", times=2)
    assert (await report(backend)).outcome == "delivered"


@pytest.mark.usefixtures("worker")
async def test_one_slow_chat_holds_up_no_other_and_keeps_its_own_order(
    telegram: Playground, backend: FakeBackend
) -> None:
    silence = {"seconds": 5, "methods": ["editMessageText"]}
    sent = await report(backend)
    await telegram.post("faults", timeout_after_delivery=silence)
    for status in ("processing", "succeeded"):
        shown = payment(status=status, url=None)
        backend.outbox.put_nowait(notification(shown, message_id=sent.message_id))
    backend.outbox.put_nowait(notification(payment(), chat_id=BEN))
    outcomes = [(await asyncio.wait_for(backend.reports.get(), 60)).outcome for _ in range(3)]
    assert outcomes == ["delivered", "ambiguous", "delivered"]
    assert (await telegram.chat("ana"))["messages"][-1]["text"].startswith("Paid.")
