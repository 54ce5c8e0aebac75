"""Telegram's webhook: stored before it is acknowledged, in order, once, and given up in the end."""

import asyncio
from io import BytesIO
from typing import Any

import asyncpg
import pytest
from structlog.testing import capture_logs

from backend.app import create_app
from backend.schemas import CARD_REMOVED, ClaimedUpdate
from bot.backend_api.errors import SecretRefused
from sandbox.runner.ports import free_ports
from tests.backend.conftest import System, chosen, listening

TELEGRAM_SECRET = "sixteen-or-more-characters"


def update(number: int, chat: int = 1001, text: str = "/topup 50") -> dict[str, Any]:
    """A private message, as Telegram posts it."""
    message = {"message_id": number, "chat": {"id": chat, "type": "private"}, "text": text}
    return {"update_id": number, "message": message}


@pytest.fixture
async def webhook(system: System) -> Any:
    """Posts as Telegram does, at a backend that knows the secret; answers the status."""
    [port] = free_ports(1)

    async def post(body: Any, secret: str = TELEGRAM_SECRET) -> int:
        headers = {"X-Telegram-Bot-Api-Secret-Token": secret}
        url = f"http://127.0.0.1:{port}/telegram/webhook"
        sent = {"data": BytesIO(body)} if isinstance(body, bytes) else {"json": body}
        async with system.http.post(url, headers=headers, **sent) as answer:
            return answer.status

    settings = chosen(telegram_webhook_secret=TELEGRAM_SECRET)
    app = create_app(system.services, settings, reconciling=False)
    async with listening(app, port):
        yield post


async def claimed(system: System) -> list[ClaimedUpdate]:
    return (await system.client.claim_updates(wait=0)).updates


async def test_only_who_knows_the_secret_may_post_and_nobody_while_the_bot_polls(
    system: System, webhook: Any
) -> None:
    assert [await webhook(update(1), secret) for secret in ("", "wrong", "é")] == [401, 401, 401]
    async with system.http.post(f"{system.url}/telegram/webhook", json=update(1)) as answer:
        assert answer.status == 401
    assert await claimed(system) == []


async def test_what_cannot_be_stored_as_it_is_holds_nobody_up(system: System, webhook: Any) -> None:
    assert await webhook(update(1, text="a\u0000b")) == 200
    [one] = await claimed(system)
    assert one.body["message"]["text"] == "a\ufffdb"


@pytest.mark.parametrize(
    ("body", "existing"),
    [
        ("[]", False),
        ("{}", False),
        ('{"update_id": "x"}', False),
        ('{"update_id": -1}', False),
        ("no JSON", False),
        ('{"update_id": 7, "message": {"text": "secret', True),
        ('{"update_id": 7, "message": {"text": "\\ud800 secret"}}', True),
        ('{"update_id": 7, "message": {"date": NaN, "text": "secret"}}', True),
        ('{"update_id": 7, "message": {"date": 1e999, "text": "secret"}}', True),
        ('{"update_id": 7, "message": ' + "[" * 9000 + "]" * 9000 + "}", True),
        ('{"update_id": 7, "message": {"date": ' + "9" * 9000 + ', "text": "secret"}}', True),
        ('{"update_id": 7, "message": {"text": "' + "secret" * 200_000 + '"}}', False),
    ],
)
async def test_what_cannot_be_read_is_recorded_counted_and_never_sent_again(
    system: System, webhook: Any, owner: "asyncpg.Connection[Any]", body: str, existing: bool
) -> None:
    with capture_logs() as logs:
        assert [await webhook(body.encode()), await webhook(update(8))] == [200, 200]
    assert [each.id for each in await claimed(system)] == [8]
    rows = await owner.fetch(
        "select id, body::text from telegram_updates where state = 'abandoned'"
    )
    assert [row["id"] for row in rows] == ([7] if existing else [])
    counted = system.services.metrics.registry.get_sample_value
    assert counted("pursebot_updates_unreadable_total") == 1
    assert ["update_unreadable" in line["event"] for line in logs] == [True]
    assert "secret" not in f"{logs}{rows}"


@pytest.mark.parametrize("id", ["'x'", "1e40", "{}", "null", "1.5"])
async def test_a_chat_whose_id_is_none_is_stored_all_the_same(
    system: System, webhook: Any, id: str
) -> None:
    body = '{"update_id": 7, "message": {"chat": {"id": ' + id.replace("'", '"') + "}}}"
    assert await webhook(body.encode()) == 200
    assert [each.id for each in await claimed(system)] == [7]


async def test_what_the_bot_cannot_read_is_given_up_at_once_and_the_next_goes(
    system: System, webhook: Any, owner: "asyncpg.Connection[Any]"
) -> None:
    await webhook(update(1))
    await webhook(update(2))
    [first] = await claimed(system)
    await system.client.reject_update(first.id, "message")
    await system.client.reject_update(first.id, "message")
    [second] = await claimed(system)
    await system.client.mark_update_handled(second)
    await system.client.reject_update(2, "message")  # it was handled: nothing changes
    await system.client.reject_update(3, "poll")  # one that was polled
    states = await owner.fetch("select id, state from telegram_updates order by id")
    assert [tuple(row) for row in states] == [(1, "abandoned"), (2, "handled"), (3, "abandoned")]


async def test_a_card_number_is_taken_out_before_it_is_stored(system: System, webhook: Any) -> None:
    number, sent = "4111 1111-1111 1111", update(1, text="my card 4111 1111-1111 1111, please")
    sent["message"]["from"] = {"id": 1001, "first_name": number}
    sent["message"]["reply_to_message"] = {"caption": number}
    assert await webhook(sent | {"callback_query": {"id": "4111111111111111"}}) == 200
    [one] = await claimed(system)
    message = one.body["message"]
    assert message["text"] == f"my card {CARD_REMOVED}, please"
    assert message["from"] == {"id": 1001, "first_name": CARD_REMOVED}
    assert message["reply_to_message"] == {"caption": CARD_REMOVED}
    assert one.body["callback_query"]["id"] == "4111111111111111"  # Telegram's, and needed


async def test_a_repeat_is_dropped_and_what_was_said_is_forgotten_once_handled(
    system: System, webhook: Any, owner: "asyncpg.Connection[Any]"
) -> None:
    assert [await webhook(update(7)), await webhook(update(7))] == [200, 200]
    [one] = await claimed(system)
    assert one.body == update(7)
    await system.client.mark_update_handled(one)
    assert await webhook(update(7)) == 200
    assert await claimed(system) == []
    assert await owner.fetchval("select body from telegram_updates") is None


async def test_a_chats_updates_go_one_after_the_other_and_chats_side_by_side(
    system: System, webhook: Any
) -> None:
    tap = {"update_id": 12, "callback_query": {"id": "1", "message": update(10)["message"]}}
    for body in (update(11), update(10), update(13, chat=1002), tap):
        await webhook(body)
    first, other = await claimed(system)
    assert (first.id, other.id) == (10, 13)
    assert await claimed(system) == []
    await system.client.mark_update_handled(first)
    [second] = await claimed(system)
    assert second.id == 11
    await system.client.mark_update_handled(second)
    assert [each.id for each in await claimed(system)] == [12]


async def test_what_a_bot_claims_is_its_own_until_that_runs_out_and_given_up_after_five_times(
    system: System, webhook: Any, owner: "asyncpg.Connection[Any]"
) -> None:
    await webhook(update(1))
    await webhook(update(2))
    held = []
    run_out = "update telegram_updates set claimed_until = now() where id = 1"
    for _ in range(5):
        held += await claimed(system)
        assert await claimed(system) == []  # of another bot, which has just started
        await owner.execute(run_out)
    assert [each.id for each in held] == [1] * 5
    await system.client.mark_update_handled(held[0])  # too late: the claim is another's by now
    [after] = await claimed(system)
    assert after.id == 2
    states = await owner.fetch("select state from telegram_updates order by id")
    assert [row[0] for row in states] == ["abandoned", "claimed"]


async def test_two_that_claim_at_once_never_get_the_same(system: System, webhook: Any) -> None:
    for number in range(40):
        await webhook(update(number, chat=number))
    result = await asyncio.gather(*(claimed(system) for _ in range(8)))
    ids = [each.id for claim in result for each in claim]
    assert len(ids) == len(set(ids))
    assert len(ids) >= 32


async def test_an_actors_token_claims_nothing(system: System) -> None:
    with pytest.raises(SecretRefused):
        await system.client.send(1001, "POST", "/internal/updates/claim")
