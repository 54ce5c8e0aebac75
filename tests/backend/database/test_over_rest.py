"""The backend where only Supabase's REST API is set: a whole top-up, and its command line."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from backend.database.supabase_rest import SupabaseDatabase, supabase_database
from tests.backend.commands.test_commands import GOOD, run
from tests.backend.conftest import System, open_system
from tests.conftest import World
from tests.supabase_standin import JWT_SECRET, SECRET_KEY, Standin

REST = {"SUPABASE_SECRET_KEY": SECRET_KEY, "SUPABASE_JWT_SECRET": JWT_SECRET}


@pytest.fixture
async def system_over_rest(standin: Standin, world: World, tmp_path: Path) -> AsyncIterator[System]:
    async with (
        supabase_database(standin.url, SECRET_KEY, JWT_SECRET) as database,
        open_system(database, world, tmp_path) as system,
    ):
        assert isinstance(system.services.database, SupabaseDatabase)
        yield system


async def test_a_whole_topup_from_the_link_to_the_notifications(system_over_rest: System) -> None:
    system = system_over_rest
    payment = await system.topup("12.50")
    await system.pay(payment)
    paid = await system.until(payment, lambda seen: seen.status == "succeeded")
    assert paid.balance is not None
    assert paid.balance.amount == "12.50"
    notifications = (await system.client.claim_notifications(wait=5)).notifications
    assert [one.payment and one.payment.status for one in notifications] == [
        "succeeded",
        "succeeded",
    ]


@pytest.mark.slow
async def test_the_commands_take_the_way_that_is_set(
    system_over_rest: System, standin: Standin
) -> None:
    system = system_over_rest
    await system.sandbox("POST", "/stripe/faults", drop=True)
    payment = await system.topup()
    await system.pay(payment)
    settings = {**GOOD, **REST, "SUPABASE_URL": standin.url, "STRIPE_API_BASE": system.sandbox_url}
    code, _, errors = await run("reconcile", **settings)
    assert (code, "Traceback" in errors) == (0, False), errors
    assert (await system.see(payment)).status == "succeeded"
    standin.exposed = ("public",)
    code, _, errors = await run("reconcile", **settings)
    assert (code, "Invalid schema: api" in errors, "Traceback" in errors) == (1, True, False)
    code, output, errors = await run("doctor", **settings)
    assert (code, "Traceback" in errors) == (1, False), errors
    assert "Invalid schema: api Only the following schemas are exposed: public" in output
    code, _, errors = await run("migrate", SUPABASE_URL=standin.url, **REST)
    assert (code, "SUPABASE_DB_URL: is missing" in errors) == (2, True)


async def test_half_of_the_rest_settings_is_told_by_the_names_of_the_other_half() -> None:
    code, _, errors = await run(**GOOD, SUPABASE_URL="https://x.supabase.co")
    assert code == 2
    assert "set SUPABASE_SECRET_KEY, SUPABASE_JWT_SECRET\n" in errors
    code, _, errors = await run(**GOOD, **REST, SUPABASE_URL="x.supabase.co")
    assert code == 2
    assert "SUPABASE_URL: must be an http or https address" in errors
