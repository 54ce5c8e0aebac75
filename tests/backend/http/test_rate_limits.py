"""What every answer says, how large and how often one may ask, and who says where one is."""

from typing import Any

import pytest
from limits import RateLimitItemPerMinute
from multidict import CIMultiDictProxy

from backend.app import create_app
from backend.http import rate_limits
from sandbox.runner.ports import free_ports
from tests.backend.conftest import EVE, System, chosen, listening, token

Json = dict[str, Any]


async def request_api(
    system: System, method: str, path: str, user: int = 1001, **more: Any
) -> tuple[int, "CIMultiDictProxy[str]", Json]:
    headers = {"Authorization": f"Bearer {token(sub=str(user))}"} | more.pop("headers", {})
    url = system.url + path
    async with system.http.request(method, url, headers=headers, **more) as answer:
        body = await answer.json() if answer.content_type == "application/json" else {}
        return answer.status, answer.headers, body


@pytest.mark.parametrize(
    ("sent", "status", "code"),
    [
        ({"data": b"x" * 70_000}, 413, "request_entity_too_large"),
        ({"data": b" " * 600_000}, 413, "request_entity_too_large"),
        ({"data": b"{"}, 400, "invalid_request"),
        ({"data": b"[" * 60_000}, 400, "invalid_request"),
        ({"data": b'{"name": "\xff"}'}, 400, "invalid_request"),
        ({"data": b"{}", "headers": {"Content-Type": "text/plain"}}, 415, "unsupported_media_type"),
    ],
)
async def test_a_body_that_is_no_json_of_a_decent_size(
    system: System, sent: Json, status: int, code: str
) -> None:
    sent = {"headers": {"Content-Type": "application/json"}, **sent}
    result, _, body = await request_api(system, "PUT", "/api/me", **sent)
    assert (result, body["error"]["code"]) == (status, code)


async def test_every_answer_says_what_browsers_need_to_hear(system: System) -> None:
    payment = await system.topup()
    for path in ("/health", "/api/payments/x", "/nowhere", f"/pay/{payment}/return"):
        _, headers, _ = await request_api(system, "GET", path)
        assert headers["X-Content-Type-Options"] == "nosniff", path
        assert headers["Referrer-Policy"] == "no-referrer"
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert "aiohttp" not in headers["Server"]
    status, headers, _ = await request_api(system, "DELETE", "/health")
    assert (status, headers["Allow"]) == (405, "GET,HEAD")


async def test_who_asks_too_often_waits_and_nobody_else(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rate_limits, "LIMIT_PER_PERSON", RateLimitItemPerMinute(2))
    path = f"/api/payments/{await system.topup()}/check"
    assert (await request_api(system, "POST", path))[0] == 200
    status, headers, body = await request_api(system, "POST", path)
    assert (status, body["error"]["code"]) == (429, "too_many_requests")
    assert 1 <= int(headers["Retry-After"]) <= 60
    assert (await request_api(system, "GET", "/api/me/settings"))[0] == 200
    assert (await request_api(system, "POST", path, user=EVE))[0] == 404


@pytest.mark.parametrize(("proxy", "believed"), [("127.0.0.0/8", True), ("10.0.0.1/32", False)])
async def test_only_the_trusted_proxy_says_who_it_passes_on(
    system: System, monkeypatch: pytest.MonkeyPatch, proxy: str, believed: bool
) -> None:
    monkeypatch.setattr(rate_limits, "LIMIT_PER_ADDRESS", RateLimitItemPerMinute(1))
    port = free_ports(1)[0]
    settings = chosen(trusted_proxy=proxy, public_url="https://wallet.example.com")
    app = create_app(system.services, settings, reconciling=False)
    path = f"http://127.0.0.1:{port}/pay/{await system.topup()}/leave"
    text = []
    async with listening(app, port):
        for address in ("192.0.2.1", "192.0.2.2", "192.0.2.1"):
            headers = {"X-Forwarded-For": f"1.2.3.4, {address}"}
            async with system.http.get(path, headers=headers) as answer:
                text.append(answer.status)
                assert "max-age" in answer.headers["Strict-Transport-Security"]
    assert text == ([200, 200, 429] if believed else [200, 429, 429])
