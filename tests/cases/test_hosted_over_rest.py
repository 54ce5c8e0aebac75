"""Hosted Supabase, over its REST API: the backend starts there and moves Stripe's cursor."""

import asyncio

import aiohttp
import pytest

from backend.database.protocol import SERVICE
from backend.database.supabase_rest import supabase_database
from sandbox.runner.ports import free_ports
from tests.backend.commands.test_commands import GOOD, start
from tests.conftest import World
from tests.supabase_standin import JWT_SECRET, SECRET_KEY, Standin

PATIENCE_SECONDS = 30


@pytest.mark.slow
async def test_the_backend_starts_where_updates_without_where_are_refused(
    standin: Standin, world: World
) -> None:
    [port] = free_ports(1)
    settings = {
        **GOOD, "SUPABASE_URL": standin.url, "SUPABASE_SECRET_KEY": SECRET_KEY,
        "SUPABASE_JWT_SECRET": JWT_SECRET, "PORT": str(port), "STRIPE_API_BASE": "http://127.0.0.1:1",
    }  # fmt: skip
    process = await start("serve", **settings)
    try:
        assert await ready(port) == 200
    finally:
        if process.returncode is None:
            process.terminate()
        _, errors = await asyncio.wait_for(process.communicate(), PATIENCE_SECONDS)
    assert "requires a WHERE clause" not in errors.decode()


async def ready(port: int) -> int:
    """What `GET /ready` answers once somebody listens; 0 where nobody ever does."""
    async with aiohttp.ClientSession() as http:
        for _ in range(PATIENCE_SECONDS * 10):
            try:
                async with http.get(f"http://127.0.0.1:{port}/ready") as answer:
                    return answer.status
            except aiohttp.ClientError:
                await asyncio.sleep(0.1)
    return 0


async def test_the_events_cursor_moves_over_rest(standin: Standin, world: World) -> None:
    async with supabase_database(standin.url, SECRET_KEY, JWT_SECRET) as database:
        await database.call("advance_events_cursor", SERVICE, read_until=4_000_000_000)
        assert await database.call("get_events_cursor", SERVICE) == 4_000_000_000
