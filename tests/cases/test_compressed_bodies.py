"""Compressed bodies and malformed requests, at all routes: refused in the one shape, at once."""

import asyncio
import gzip
import time
import zlib

import pytest

from tests.backend.conftest import System, token
from tests.cases.raw_http import answer, front, head, opened

ROUTES = ("/api/payments/webhook", "/telegram/webhook", "/api/payments/checkout", "/nowhere")
BOMB = gzip.compress(b"a" * 50_000_000)


@pytest.mark.parametrize("path", ROUTES)
@pytest.mark.parametrize(
    "encoding", ["gzip", "GZIP", "deflate", "br", "zstd", "x-mine", "identity, gzip", "gzip, gzip"]
)
async def test_compressed_bodies_are_a_415_that_inflates_nothing(
    system: System, path: str, encoding: str
) -> None:
    async with system.http.post(
        system.url + path, data=BOMB, headers={"Content-Encoding": encoding}
    ) as response:
        body = (await response.json())["error"]
        assert (response.status, body["code"]) == (415, "unsupported_encoding")
        assert body["request_id"] == response.headers["X-Request-Id"]


async def test_a_hundred_bombs_cost_next_to_nothing(system: System) -> None:
    async def bomb() -> None:
        async with system.http.post(
            system.url + "/api/payments/webhook", data=BOMB, headers={"Content-Encoding": "gzip"}
        ) as response:
            assert response.status == 415

    began = time.process_time()
    await asyncio.gather(*(bomb() for _ in range(100)))
    assert time.process_time() - began < 3  # to inflate them takes twenty


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        (("Transfer-Encoding: gzip, chunked",), b"5\r\nhello\r\n0\r\n\r\n"),
        (("Content-Encoding: gzip", "Content-Encoding: gzip", "Content-Length: 5"), b"hello"),
        (("Content-Encoding: deflate", "Transfer-Encoding: chunked"), b"2\r\n{}\r\n0\r\n\r\n"),
    ],
)
async def test_encodings_are_found_wherever_they_stand(
    system: System, headers: tuple[str, ...], body: bytes
) -> None:
    async with front(system) as port:
        reader, writer = await opened(port)
        writer.write(head("/api/payments/webhook", *headers) + body)
        status, response = await answer(reader)
        assert (status, response["error"]["code"]) == (415, "unsupported_encoding")
        writer.close()


@pytest.mark.parametrize("encoding", ["identity", "Identity", ""])
async def test_a_body_that_says_it_is_plain_is_read(system: System, encoding: str) -> None:
    headers = {"Authorization": f"Bearer {token()}", "Content-Encoding": encoding}
    async with system.http.put(
        f"{system.url}/api/me", json={"name": "Ana"}, headers=headers
    ) as response:
        assert response.status == 200


async def test_zlib_without_a_header_is_only_wrong_json(system: System) -> None:
    headers = {"Authorization": f"Bearer {token()}", "Content-Type": "application/json"}
    async with system.http.put(
        f"{system.url}/api/me", data=zlib.compress(b"{}"), headers=headers
    ) as response:
        assert response.status == 400


@pytest.mark.parametrize(
    ("sent", "status", "code"),
    [
        (head("/health", "Expect: x", method="GET"), 417, "expectation_failed"),
        (head("/nowhere", "Expect: x", method="GET"), 417, "expectation_failed"),
        (b"nonsense\r\n\r\n", 400, "invalid_request"),
        (b"GET / HTTP/1.1\r\nHost: x\r\nA b: c\r\n\r\n", 400, "invalid_request"),
        (head("/health", "A: " + "x" * 20_000, method="GET"), 400, "invalid_request"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400, "invalid_request"),
    ],
)
async def test_what_is_no_request_has_the_one_shape_as_well(
    system: System, sent: bytes, status: int, code: str
) -> None:
    async with front(system) as port:
        reader, writer = await opened(port)
        writer.write(sent)
        response, answered = await answer(reader)
        assert (response, answered["error"]["code"]) == (status, code)
        assert answered["error"]["request_id"]
        writer.close()


async def test_a_body_after_a_100_continue_is_read(system: System) -> None:
    async with front(system) as port:
        reader, writer = await opened(port)
        more = ("Expect: 100-continue", "Content-Length: 2", "Content-Type: application/json")
        writer.write(head("/api/payments/webhook", *more))
        assert b"100 Continue" in await reader.readuntil(b"\r\n\r\n")
        writer.write(b"{}")
        assert (await answer(reader))[1]["error"]["code"] == "invalid_signature"
        writer.close()
