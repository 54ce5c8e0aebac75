"""Polled updates are stored before they are confirmed, and handled once, whoever stores them."""

import asyncio

import pytest
from structlog.testing import capture_logs

from bot.backend_api.client import BackendClient
from tests.bot.fake_backend import FakeBackend
from tests.bot.telegram.test_polling import Answers, message, receiving_bot, until


def confirmed(api: Answers) -> int:
    """The id up to which the bot has confirmed updates."""
    return max(int(request.get("offset", 0)) for request in api.requests) - 1


async def test_an_update_is_confirmed_once_the_backend_has_stored_it_and_not_before(
    client: BackendClient, backend: FakeBackend
) -> None:
    api = Answers([message(1), message(2, chat=8)])
    backend.storing.clear()
    async with receiving_bot(api, client) as updates:
        await until(lambda: api.requests)
        await asyncio.sleep(1)
    assert (updates, confirmed(api)) == ([], -1)  # a bot that ends now has lost nothing
    backend.storing.set()
    async with receiving_bot(api, client) as updates:
        await until(lambda: len(backend.handled_updates) == 2)
        await until(lambda: confirmed(api) == 2)
    assert sorted(updates) == [1, 2]


async def test_what_the_backend_cannot_store_is_handled_here_and_confirmed_after_that(
    client: BackendClient, backend: FakeBackend
) -> None:
    api = Answers([message(1), message(2)])
    backend.lose_connections("POST /internal/updates", 3)
    with capture_logs() as logs:
        async with receiving_bot(api, client) as updates:
            await until(lambda: updates == [1, 2])
            await until(lambda: confirmed(api) == 2)
            api.updates.append(message(3))
            await until(lambda: 3 in backend.handled_updates)
    assert (updates, backend.stored_updates) == ([1, 2, 3], [3])
    events = [line["event"] for line in logs if line["event"].startswith("updates_")]
    assert events == ["updates_not_stored", "updates_stored_again"]


async def test_what_was_handled_here_and_stored_all_the_same_is_not_handled_again(
    client: BackendClient, backend: FakeBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.telegram.polling.STORE_SECONDS", 0.3)
    api = Answers([message(1)])
    backend.storing.clear()
    async with receiving_bot(api, client) as updates:
        await until(lambda: updates == [1])
        await backend.store(message(1))  # it had arrived
        await until(lambda: 1 in backend.handled_updates)
    assert updates == [1]


async def test_what_is_stored_while_it_is_handled_here_is_handled_once(
    client: BackendClient, backend: FakeBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.telegram.polling.STORE_SECONDS", 0.3)
    backend.storing.clear()
    async with receiving_bot(Answers([message(1)]), client, seconds=1) as updates:
        await until(lambda: updates == [1])
        await backend.store(message(1))  # its handlers have not ended
        await until(lambda: 1 in backend.handled_updates)
    assert updates == [1]


@pytest.mark.parametrize("seconds", [0, 1])  # its handlers have ended by then, or not
async def test_what_is_claimed_before_its_storing_is_given_up_is_handled_once(
    client: BackendClient, backend: FakeBackend, monkeypatch: pytest.MonkeyPatch, seconds: float
) -> None:
    monkeypatch.setattr("bot.telegram.polling.STORE_SECONDS", 0.5)
    api = Answers([message(1)])
    backend.storing.clear()
    async with receiving_bot(api, client, seconds) as updates:
        await backend.store(message(1))  # stored and handed out, and the answer gets lost
        await until(lambda: confirmed(api) == 1)
        await until(lambda: 1 in backend.handled_updates)
    assert updates == [1]


async def test_an_update_whose_claim_ran_out_while_it_was_handled_is_handled_once(
    client: BackendClient, backend: FakeBackend
) -> None:
    api = Answers()
    async with receiving_bot(api, client, seconds=1) as updates:
        await backend.store(message(1))
        await until(lambda: updates == [1])
        second = await backend.store(message(1))
        await until(lambda: 1 in backend.handled_updates)
        await asyncio.sleep(0.5)
    assert (updates, backend.handled_updates) == ([1], {1: second})
