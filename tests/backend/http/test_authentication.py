"""Who gets in: the bot's two tokens open what they are for, and nothing else opens anything."""

import asyncio
import re
import time
from typing import Any

import jwt
import pytest

from backend.app import create_app
from backend.database.protocol import REFUSALS
from backend.errors import PursebotError, tree
from backend.schemas import ACTOR_AUDIENCE, BOT_ISSUER, SERVICE_AUDIENCE
from sandbox.runner.ports import free_ports
from tests.backend.conftest import System, chosen, listening, token


async def introduce(system: System, authorization: str) -> int:
    async with system.http.put(
        f"{system.url}/api/me", json={"name": "Ana"}, headers={"Authorization": authorization}
    ) as answer:
        return answer.status


async def test_a_good_token_opens_the_api(system: System) -> None:
    assert await introduce(system, f"Bearer {token()}") == 200


async def test_any_other_token_is_a_401(system: System) -> None:
    strangers = [
        "", "Bearer", "Bearer x", f"Basic {token()}", token(),
        f"Bearer {token(key='x' * 64)}",
        f"Bearer {token(algorithm='HS512')}",
        f"Bearer {token(aud=SERVICE_AUDIENCE)}",
        f"Bearer {token(iss='someone')}",
        f"Bearer {token(iss=None)}", f"Bearer {token(exp=None)}", f"Bearer {token(iat=None)}",
        f"Bearer {token(exp=int(time.time()) - 60, iat=int(time.time()) - 120)}",
        f"Bearer {token(lifetime=3600)}",
        f"Bearer {token(sub='-1')}", f"Bearer {token(sub='bot')}", f"Bearer {token(sub='１')}",
        f"Bearer {token(sub='9' * 30)}",
    ]  # fmt: skip
    for bad in strangers:
        assert await introduce(system, bad) == 401, bad


async def test_a_token_without_a_signature_is_a_401(system: System) -> None:
    now = int(time.time())
    claims = {"iss": BOT_ISSUER, "aud": ACTOR_AUDIENCE, "sub": "1001", "iat": now, "exp": now + 60}
    unsigned = jwt.encode(claims, "", algorithm="none")
    assert await introduce(system, f"Bearer {unsigned}") == 401


@pytest.mark.parametrize(
    "path", ["/internal/notifications/claim", "/internal/notifications/1/result"]
)
async def test_an_actors_token_opens_nothing_internal(system: System, path: str) -> None:
    headers = {"Authorization": f"Bearer {token()}"}
    async with system.http.post(system.url + path, headers=headers) as answer:
        assert answer.status == 401


async def test_the_bots_own_token_acts_for_nobody(system: System) -> None:
    service = token(aud=SERVICE_AUDIENCE, sub="bot")
    assert await introduce(system, f"Bearer {service}") == 401
    headers = {"Authorization": f"Bearer {service}"}
    path = f"{system.url}/internal/notifications/claim?wait=0"
    async with system.http.post(path, headers=headers) as answer:
        assert (answer.status, await answer.json()) == (200, {"notifications": []})


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nowhere", 404, "not_found"),
        ("DELETE", "/api/me", 405, "method_not_allowed"),
        ("PUT", "/api/me", 401, "unauthorized"),
        ("GET", "/api/payments/x", 400, "invalid_request"),
        ("POST", "/internal/notifications/x/result", 401, "unauthorized"),
    ],
)
async def test_every_error_has_the_one_shape(
    system: System, method: str, path: str, status: int, code: str
) -> None:
    headers = {"Authorization": f"Bearer {token()}"} if code == "invalid_request" else {}
    async with system.http.request(method, system.url + path, headers=headers) as answer:
        body = (await answer.json())["error"]
        assert (answer.status, body["code"]) == (status, code)
        assert body["request_id"] == answer.headers["X-Request-Id"]


@pytest.mark.parametrize(
    "body", [b"", b"x", b"[]", b'{"name": 1}', b'{"name": "A", "role": "owner"}']
)
async def test_malformed_bodies_are_a_400_that_repeats_nothing(system: System, body: bytes) -> None:
    headers = {"Authorization": f"Bearer {token()}", "Content-Type": "application/json"}
    async with system.http.put(f"{system.url}/api/me", data=body, headers=headers) as answer:
        assert answer.status == 400
        assert "owner" not in await answer.text()


@pytest.mark.parametrize("shown_in", [{"chat_id": 1001, "message_id": 2**70}, {"message_id": 7}])
async def test_ids_that_cannot_be_telegrams_are_a_400(system: System, shown_in: Any) -> None:
    order = {"organization_id": str(system.world.acme), "amount": "50", "currency": "eur"}
    async with system.http.post(
        f"{system.url}/api/payments/checkout",
        json={**order, "shown_in": shown_in},
        headers={"Authorization": f"Bearer {token()}"},
    ) as answer:
        assert answer.status == 400


@pytest.mark.parametrize("language", ["e\u0000n", "", "x" * 35, "de-DE", None])
async def test_any_language_that_a_client_reports_is_survived(
    system: System, language: Any
) -> None:
    headers = {"Authorization": f"Bearer {token()}"}
    body = {"name": "Ana", "language": language}
    async with system.http.put(f"{system.url}/api/me", json=body, headers=headers) as answer:
        assert answer.status == 200


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/api/me/link/accept", {"code": "\u0000"}),
        ("POST", "/api/invitations/show", {"code": "\u0000"}),
        ("PATCH", "/api/me/settings", {"time_zone": "\u0000"}),
        ("GET", "/api/payments?cursor=%00&organization_id=", None),
    ],
)
async def test_text_that_the_database_cannot_hold_is_a_400(
    system: System, method: str, path: str, body: Any
) -> None:
    url = system.url + path + (str(system.world.acme) if path.endswith("=") else "")
    headers = {"Authorization": f"Bearer {token()}"}
    async with system.http.request(method, url, json=body, headers=headers) as answer:
        answer_body = (await answer.json())["error"]
        assert (answer.status, answer_body["code"]) == (400, "invalid_request")


async def test_secrets_that_are_no_text_are_wrong_ones(system: System) -> None:
    settings = chosen(metrics_token="m" * 16, telegram_webhook_secret="t" * 16)
    app = create_app(system.services, settings, reconciling=False)
    [port] = free_ports(1)
    async with listening(app, port):
        for line, header in (
            (b"GET /api/me/settings", b"Authorization: Bearer "),
            (b"POST /internal/updates/claim", b"Authorization: Bearer "),
            (b"GET /metrics", b"Authorization: Bearer "),
            (b"POST /telegram/webhook", b"X-Telegram-Bot-Api-Secret-Token: "),
        ):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(line + b" HTTP/1.1\r\nHost: x\r\n" + header + b"\xff\r\n\r\n")
            assert b" 401 " in await reader.readline(), line
            writer.close()


async def test_health_and_readiness_are_open(system: System) -> None:
    for path in ("/health", "/ready"):
        async with system.http.get(system.url + path) as answer:
            assert (answer.status, await answer.json()) == (200, {"status": "ok"})


async def test_names_cannot_rewrite_the_line_around_them(system: System) -> None:
    headers = {"Authorization": f"Bearer {token(sub='1234')}"}
    name = "\u202eAna\u0000\n<b>\u200b"
    async with system.http.put(
        f"{system.url}/api/me", json={"name": name}, headers=headers
    ) as answer:
        assert (await answer.json())["name"] == "Ana <b>"


async def test_sql_and_python_know_the_same_refusals(system: System, owner: Any) -> None:
    listed = dict(await owner.fetch("select key, value from jsonb_each_text(private.refusals())"))
    bugs = {"unknown_payment", "unreadable_event", "append_only", "illegal_transition"}
    bugs |= {"unknown_subscription", "preview"}  # the last one never leaves its function
    assert listed.keys() - REFUSALS.keys() == bugs
    assert len(set(listed.values())) == len(listed)
    assert all(re.fullmatch("PB[0-9]{3}", state) for state in listed.values())


def test_every_error_has_a_code_of_its_own() -> None:
    # But where the caller learns as much of a special case as of any other.
    codes = [kind.code for kind in tree() if kind.code != kind.__base__.code]  # type: ignore[union-attr]
    assert len(codes) == len(set(codes))
    assert PursebotError.code not in codes
