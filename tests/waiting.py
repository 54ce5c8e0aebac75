"""Waits for other connections, where there is no answer to wait for."""

import asyncio
from typing import Any

import asyncpg


async def until_blocked(connection: "asyncpg.Connection[Any]", by: int = 1) -> None:
    """Wait until `by` connections wait for a lock. Raises TimeoutError after a minute."""
    waiting = (
        "select count(*) from pg_stat_activity"
        " where datname = current_database() and wait_event_type = 'Lock'"
    )
    async with asyncio.timeout(60):
        while await connection.fetchval(waiting) < by:
            await asyncio.sleep(0.02)
            # A transaction sees one state of that view until it asks for another.
            await connection.execute("select pg_stat_clear_snapshot()")
