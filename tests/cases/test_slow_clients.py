"""Clients that are too slow or too many are let go; what waits for us is not."""

import asyncio
import os
import resource
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

import pytest
import structlog

from backend.http.connections import limit_file_errors, max_connections
from backend.schemas import SERVICE_AUDIENCE
from tests.backend.conftest import System, token
from tests.cases.raw_http import QUICK, answer, ended, front, head, opened

ROUTES = ("/api/payments/webhook", "/telegram/webhook")


async def drip(writer: asyncio.StreamWriter, what: Callable[[int], bytes]) -> None:
    """A little every moment, for as long as it is taken."""
    for n in range(200):
        try:
            writer.write(what(n))
            await writer.drain()
        except ConnectionError:
            return
        await asyncio.sleep(0.05)


async def test_headers_that_drip_are_a_408(system: System) -> None:
    async with front(system) as port:
        reader, writer = await opened(port)
        writer.write(b"GET /health HTTP/1.1\r\nHost: x\r\n")
        dripping = asyncio.create_task(drip(writer, lambda n: f"X-{n}: y\r\n".encode()))
        status, response = await answer(reader)
        assert (status, response["error"]["code"]) == (408, "request_timeout")
        assert await ended(reader) < 2
        dripping.cancel()
        writer.close()


async def test_headers_that_drip_after_a_good_request_are_a_408(system: System) -> None:
    async with front(system) as port:
        reader, writer = await opened(port)
        writer.write(head("/health", method="GET"))
        assert (await answer(reader))[0] == 200
        writer.write(b"GET /health HT")
        assert (await answer(reader))[0] == 408
        writer.close()


@pytest.mark.parametrize("path", ROUTES)
async def test_a_body_that_drips_is_a_408(system: System, path: str) -> None:
    async with front(system) as port:
        reader, writer = await opened(port)
        secret = "X-Telegram-Bot-Api-Secret-Token: " + "t" * 16
        writer.write(head(path, "Content-Length: 400000", secret))
        dripping = asyncio.create_task(drip(writer, lambda _: b" "))
        if path == "/telegram/webhook":  # without a secret nobody may post, and nobody reads
            assert (await answer(reader))[0] == 401
        else:
            status, response = await answer(reader)
            assert (status, response["error"]["code"]) == (408, "request_timeout")
        assert await ended(reader) < 3
        dripping.cancel()
        writer.close()


async def test_chunks_that_never_end_are_a_408(system: System) -> None:
    async with front(system) as port:
        reader, writer = await opened(port)
        writer.write(head("/api/payments/webhook", "Transfer-Encoding: chunked"))
        dripping = asyncio.create_task(drip(writer, lambda _: b"1\r\n \r\n"))
        assert (await answer(reader))[0] == 408
        dripping.cancel()
        writer.close()


async def test_who_opens_and_says_nothing_is_closed(system: System) -> None:
    async with front(system) as port:
        reader, writer = await opened(port)
        assert 0.4 < await ended(reader) < 3
        writer.close()


async def test_a_connection_that_is_kept_is_closed_when_it_is_idle_for_long(system: System) -> None:
    async with front(system) as port:
        reader, writer = await opened(port)
        for _ in range(2):
            writer.write(head("/health", method="GET"))
            assert (await answer(reader))[0] == 200
            await asyncio.sleep(0.7)  # longer than a first request may take
        assert await ended(reader) < 3
        writer.close()


async def test_who_does_not_read_the_answer_is_let_go(system: System) -> None:
    async with front(system) as port:
        line = socket.create_connection(("127.0.0.1", port))
        line.sendall(head("/large", method="GET"))
        await asyncio.sleep(2.5)
        line.setblocking(False)
        got = 0
        with suppress(ConnectionError):
            while chunk := await asyncio.get_running_loop().sock_recv(line, 65_536):
                got += len(chunk)
        assert got < 400 * 65_536
        line.close()


async def test_who_reads_slowly_but_reads_gets_all(system: System) -> None:
    async with front(system) as port:
        reader, writer = await opened(port)
        writer.write(head("/large", method="GET"))
        got, began = 0, time.monotonic()
        while b"\r\n0\r\n\r\n" not in (chunk := await reader.read(1_000_000)):
            got += len(chunk)
            assert chunk
            await asyncio.sleep(0.05)
        assert got > 390 * 65_536
        assert time.monotonic() - began > QUICK.stalled
        writer.close()


async def test_a_long_poll_is_not_cut(system: System) -> None:
    service = token(aud=SERVICE_AUDIENCE, sub="bot")
    async with front(system, timeouts=replace(QUICK, idle=0.5)) as port:
        reader, writer = await opened(port)
        path = "/internal/notifications/claim?wait=2"
        began = time.monotonic()
        writer.write(head(path, f"Authorization: Bearer {service}", "Content-Length: 0"))
        assert (await answer(reader))[0] == 200
        assert time.monotonic() - began > 1.9
        writer.close()


async def test_one_connection_too_many_is_a_503_at_once_and_a_place_frees_up(
    system: System,
) -> None:
    patient = replace(QUICK, first=5)
    async with front(system, limit=4, timeouts=patient) as port:
        held = [await opened(port) for _ in range(4)]
        await asyncio.sleep(0.1)
        with structlog.testing.capture_logs() as lines:
            for _ in range(20):
                reader, writer = await opened(port)
                status, response = await answer(reader)
                assert (status, response["error"]["code"]) == (503, "server_full")
                assert await ended(reader) < 1
                writer.close()
        assert len([line for line in lines if line["event"] == "connections_full"]) <= 1
        held[0][1].close()
        await asyncio.sleep(0.1)
        reader, writer = await opened(port)
        writer.write(head("/health", method="GET"))
        assert (await answer(reader))[0] == 200
        for _, other in (*held, (reader, writer)):
            other.close()


def test_the_bound_is_below_the_limit_of_files() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        for limit in (256, 1024, 4096):
            if limit <= hard:
                resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))
                assert limit / 4 < max_connections() <= limit - 100
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def test_without_files_to_accept_with_the_log_has_one_line_and_service_returns(
    system: System,
) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    loop, taken = asyncio.get_running_loop(), list[int]()
    clients = [socket.socket() for _ in range(4)]
    limit_file_errors(loop)
    async with front(system) as port:
        try:
            with structlog.testing.capture_logs() as lines:
                used = max(int(name) for name in os.listdir("/proc/self/fd"))
                resource.setrlimit(resource.RLIMIT_NOFILE, (used + 1, hard))
                with suppress(OSError):
                    while True:
                        taken.append(os.dup(0))
                for client in clients:
                    client.setblocking(False)
                    client.connect_ex(("127.0.0.1", port))
                await asyncio.sleep(2.5)
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
            for number in taken:
                os.close(number)
            for client in clients:
                client.close()
        assert len([line for line in lines if line["event"] == "file_descriptors_exhausted"]) == 1
        await asyncio.sleep(1.2)
        reader, writer = await opened(port)
        writer.write(head("/health", method="GET"))
        assert (await answer(reader))[0] == 200
        writer.close()
    loop.set_exception_handler(None)
