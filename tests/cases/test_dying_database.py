"""A database that dies under a call is 503 with Retry-After: never a 500, never a traceback."""

import asyncio
import json
import os
import re
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import structlog
from supabase import PostgrestAPIError

from backend.database import connection_pool, migrations
from backend.database.connections import NO_CONNECTION
from backend.database.postgres import postgres_database
from backend.database.protocol import error_from_sqlstate
from backend.database.supabase_rest import error_from_postgrest
from backend.failures import DatabaseUnavailable
from backend.http.route import Route
from backend.http.routes import ROUTES
from sandbox.postgres.cluster import connected, embedded_postgres
from sandbox.postgres.programs import run_program
from tests.backend.conftest import ANA, System, open_system, token
from tests.backend.http.test_route_roles import BODIES
from tests.backend.stripe.test_webhooks import signed
from tests.cases.stripe_objects import Connection, Json, event
from tests.conftest import World, populate
from tests.fake_pooler import FakePooler, fake_pooler

WAITING = (
    "select pid from pg_stat_activity where datname = current_database()"
    " and wait_event_type = 'Lock'"
)
OTHERS_END = (
    "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'pursebot'"
    " and datname = current_database()"
)
EVENT = event("customer.created", {"id": "cus_1", "object": "customer"}, id="evt_dying")


async def answer_of(
    system: System, method: str, path: str, body: Json | None = None, user: int = ANA
) -> tuple[int, str, str | None]:
    """Return the status, the code of the error ("" without one) and the header Retry-After."""
    headers = {"Authorization": f"Bearer {token(sub=str(user))}", "Idempotency-Key": str(uuid4())}
    sent: Json = {"params" if method in ("GET", "DELETE") else "json": body} if body else {}
    async with system.http.request(method, system.url + path, headers=headers, **sent) as answer:
        code = ""
        if answer.status >= 400:
            code = (await answer.json())["error"]["code"]
        return answer.status, code, answer.headers.get("Retry-After")


def body_of(route: Route, world: World) -> Json:
    """Return what a route takes: a request that is refused does not come to the database."""
    schema = route.request_model.model_json_schema() if route.request_model else {}
    body = dict(BODIES.get((route.method, route.path), {}))
    if "organization_id" in schema.get("properties", {}) or route.path == "/api/payment":
        body["organization_id"] = str(world.acme)
    if "payment_method_id" in schema.get("required", []):
        body["payment_method_id"] = str(uuid4())
    return {**body, "key": "k"} if "key" in schema.get("required", []) else body


async def deliver(system: System) -> tuple[int, str, str | None]:
    raw = json.dumps(EVENT).encode()
    headers = {"Stripe-Signature": signed(raw), "Content-Type": "application/json"}
    path = f"{system.url}/api/payments/webhook"
    async with system.http.post(path, data=raw, headers=headers) as answer:
        body = await answer.json()
        code = body["error"]["code"] if answer.status >= 400 else body["state"]
        return answer.status, code, answer.headers.get("Retry-After")


async def waiting_process(owner: Connection) -> int:
    """Wait until a call waits for a lock; return the id of its server process."""
    async with asyncio.timeout(60):
        while not (waiting := await owner.fetchval(WAITING)):
            await asyncio.sleep(0.01)
    return int(waiting)


@pytest.mark.parametrize(
    ("table", "call", "after"),
    [
        ("organizations", lambda system: answer_of(system, "GET", "/api/organizations"), ""),
        ("stripe_events", deliver, "ignored"),
    ],
)
async def test_a_call_whose_server_process_ends_is_503_and_the_next_one_is_served(
    system: System, owner: Connection, table: str, call: Callable[[System], Any], after: str
) -> None:
    with structlog.testing.capture_logs() as lines:
        async with owner.transaction():
            await owner.execute(f"lock table {table} in access exclusive mode")
            answer = asyncio.create_task(call(system))
            await owner.fetchval("select pg_terminate_backend($1)", await waiting_process(owner))
            assert await answer == (503, "database_unavailable", "5")
        assert (await call(system))[:2] == (200, after)
    assert [line for line in lines if line["log_level"] in ("error", "critical")] == []


@pytest.fixture
async def pooler(database_url: str) -> AsyncIterator[FakePooler]:
    async with fake_pooler(database_url) as running:
        yield running


async def test_every_route_is_503_while_the_database_cuts_its_connections(
    pooler: FakePooler, world: World, tmp_path: Path
) -> None:
    async with (
        postgres_database(pooler.url, size=2) as opened,
        open_system(opened, world, tmp_path) as system,
    ):
        pooler.hangs_up = True
        answers = {"webhook": await deliver(system)}
        for path in ("/ready", "/metrics", f"/pay/{uuid4()}/return", f"/cards/{uuid4()}/return"):
            answers[path] = await answer_of(system, "GET", path)
        for route in ROUTES:
            place = re.sub(r"{chat_id:[^}]+}}", "-4001", route.path)
            answers[f"{route.method} {route.path}"] = await answer_of(
                system, route.method, re.sub(r"{\w+}", str(uuid4()), place), body_of(route, world)
            )
        pooler.hangs_up = False
        assert (await answer_of(system, "GET", "/api/organizations"))[0] == 200
    unavailable = (503, "database_unavailable", "5")
    assert {route: answer for route, answer in answers.items() if answer != unavailable} == {}


async def test_after_a_time_without_writes_no_connection_goes_on_refusing_them(
    system: System, owner: Connection
) -> None:
    """As where the disk was full: https://supabase.com/docs/guides/platform/database-size."""
    database = await owner.fetchval("select current_database()")
    await owner.execute(f'alter database "{database}" set default_transaction_read_only = on')
    try:
        await owner.fetch(OTHERS_END)
        assert "database_unavailable" in {(await deliver(system))[1] for _ in range(4)}
    finally:
        await owner.execute(f'alter database "{database}" reset default_transaction_read_only')
    assert [(await deliver(system))[:2] for _ in range(4)][-1] == (200, "ignored")


@pytest.mark.slow
async def test_a_server_that_crashes_stops_and_comes_back_is_never_a_500(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its process is killed, it is restarted, and it is stopped, each in the middle of a call."""
    monkeypatch.setattr(connection_pool, "WAIT_SECONDS", 60)
    data = tmp_path / "data"

    def pg_ctl(*arguments: str) -> None:
        """Wait until it is done; the server writes into its log, not into our pipe."""
        log = str(tmp_path / "logs" / "data.log")
        run_program("pg_ctl", *arguments, "-w", "-l", log, data=data)

    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(embedded_postgres(data))
        url = await server.create_database("pursebot")
        await migrations.migrate(url)
        opened = await stack.enter_async_context(postgres_database(url))
        async with connected(url) as owner:
            world = await populate(opened, owner)
        system = await stack.enter_async_context(open_system(opened, world, tmp_path))
        lines = stack.enter_context(structlog.testing.capture_logs())

        async def in_the_middle(end: Callable[[int], Any]) -> tuple[int, str, str | None]:
            with suppress(*NO_CONNECTION):
                async with connected(url) as owner, owner.transaction():
                    await owner.execute("lock table organizations in access exclusive mode")
                    answer = asyncio.create_task(answer_of(system, "GET", "/api/organizations"))
                    end(await waiting_process(owner))
                    await asyncio.wait([answer])
            return await answer

        for end in (
            lambda pid: os.kill(pid, signal.SIGKILL),
            lambda _: pg_ctl("restart", "-m", "immediate"),
            lambda _: pg_ctl("restart", "-m", "fast"),
            lambda _: pg_ctl("stop", "-m", "immediate"),
        ):
            assert (await answer_of(system, "GET", "/api/organizations"))[0] == 200
            assert await in_the_middle(end) == (503, "database_unavailable", "5")
        monkeypatch.setattr(connection_pool, "WAIT_SECONDS", 1)
        assert await deliver(system) == (503, "database_unavailable", "5")
        pg_ctl("restart")
        assert (await deliver(system))[:2] == (200, "ignored")
    assert [line for line in lines if line["log_level"] in ("error", "critical")] == []


@pytest.mark.parametrize(
    "sqlstate", ["57P01", "57P02", "57P03", "57P05", "08003", "08006", "53300", "58030", "25006"]
)
def test_what_a_dying_server_says_is_no_bug_directly_and_over_rest(sqlstate: str) -> None:
    """25006: a standby, or a server that recovers, takes no writes."""
    assert type(error_from_sqlstate(sqlstate, None)) is DatabaseUnavailable
    answer = PostgrestAPIError({"code": sqlstate, "message": "m", "details": None, "hint": None})
    assert type(error_from_postgrest(answer)) is DatabaseUnavailable


async def test_a_start_whose_connection_is_cut_ends_with_a_sentence(pooler: FakePooler) -> None:
    pooler.hangs_up = True
    with pytest.raises(DatabaseUnavailable, match="The database is not available"):
        async with postgres_database(pooler.url):
            pass
