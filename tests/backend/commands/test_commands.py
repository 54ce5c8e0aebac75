"""python -m backend, as the engineer types it: what is missing is told, and every command works."""

import asyncio
import json
import os
import re
import signal
import sys
import tempfile
from asyncio.subprocess import Process
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from backend.database import migrations
from sandbox.runner.ports import free_ports
from tests.backend.conftest import WEBHOOK_SECRETS, System
from tests.backend.stripe.test_webhooks import paid_at_stripe, signed
from tests.forked_process import ForkedProcess, start_module
from tests.waiting import until_blocked

ROOT = Path(__file__).parents[3]
GOOD = {
    "STRIPE_SECRET_KEY": "sk_test_sandbox",
    "STRIPE_WEBHOOK_SECRET": ",".join(WEBHOOK_SECRETS),
    "BOT_API_SECRET": "a secret of thirty-two characters",
}


async def start(*arguments: str, **settings: str) -> Process | ForkedProcess:
    """`python -m backend` with these settings and no others; by default without its imports."""
    environment = {"PATH": os.environ["PATH"], **settings}
    folder = tempfile.gettempdir()  # where no .env is
    return await start_module("backend", *arguments, environment=environment, folder=folder)


async def run(*arguments: str, **settings: str) -> tuple[int | None, str, str]:
    """Exit code, output and errors of a command."""
    process = await start(*arguments, **settings)
    output, errors = await asyncio.wait_for(process.communicate(), 60)
    return process.returncode, output.decode(), errors.decode()


@pytest.mark.usefixtures("real_processes")
async def test_everything_missing_is_told_at_once_and_no_value_is_repeated() -> None:
    code, _, errors = await run(
        STRIPE_SECRET_KEY="pk_live_oops", STRIPE_WEBHOOK_SECRET="", PORT="x"
    )
    assert code == 2
    for missing in ("SUPABASE_DB_URL", "STRIPE_WEBHOOK_SECRET", "BOT_API_SECRET"):
        assert f"{missing}: is missing" in errors
    for wrong in ("STRIPE_SECRET_KEY: must start with sk_test_", "PORT: "):
        assert wrong in errors
    assert "oops" not in errors


async def test_settings_that_do_not_go_together_stop_the_start() -> None:
    good = {**GOOD, "SUPABASE_DB_URL": "postgresql://x"}
    same = {"SUPABASE_URL": "https://acme.supabase.co", "SUPABASE_JWT_SECRET": "s" * 32}
    code, _, errors = await run(**good | same | {"BOT_API_SECRET": "s" * 32})
    assert (code, "s" * 32 in errors) == (2, False)
    assert "BOT_API_SECRET and SUPABASE_JWT_SECRET are equal" in errors
    code, _, errors = await run(**good | {"STRIPE_SECRET_KEY": "rk_live_1"})
    assert (code, "PUBLIC_URL must begin with https://" in errors) == (2, True)


@pytest.mark.parametrize("secret", [",", " ", "whsec_a,", "sk_test_1"])
async def test_an_empty_or_wrong_webhook_secret_stops_the_start(secret: str) -> None:
    settings = {**GOOD, "STRIPE_WEBHOOK_SECRET": secret, "SUPABASE_DB_URL": "postgresql://x"}
    code, _, errors = await run(**settings)
    if secret == "whsec_a,":
        assert "STRIPE_WEBHOOK_SECRET" not in errors  # one good secret and a stray comma
    else:
        assert (code, "STRIPE_WEBHOOK_SECRET" in errors) == (2, True)


@pytest.mark.usefixtures("real_processes")
async def test_a_database_that_is_not_there_is_said_in_a_sentence() -> None:
    code, _, errors = await run(**GOOD, SUPABASE_DB_URL="postgresql://u@127.0.0.1:1/x")
    assert code == 1
    assert "The database is not available" in errors
    assert "Traceback" not in errors


async def test_live_keys_on_a_test_database_stop_the_start(
    system: System, database_url: str
) -> None:
    settings = {**GOOD, "STRIPE_SECRET_KEY": "sk_live_x", "SUPABASE_DB_URL": database_url}
    settings["PUBLIC_URL"] = "https://purse.example"
    code, _, errors = await run(**settings)
    assert code == 1
    assert "belongs to Stripe's other mode" in errors


@pytest.mark.usefixtures("real_processes")
async def test_migrate_again_has_nothing_to_do(database_url: str) -> None:
    assert await run("migrate", SUPABASE_DB_URL=database_url) == (
        0,
        "The database is up to date.\n",
        "",
    )


async def test_a_database_of_before_the_renumbering_stops_migrate_and_serve_with_a_sentence(
    database_url: str,
) -> None:
    connection = await asyncpg.connect(database_url)
    await connection.execute(
        "update supabase_migrations.schema_migrations set version = $1"
        " where version = (select min(version) from supabase_migrations.schema_migrations)",
        migrations.RENUMBERED_VERSION,
    )
    await connection.close()
    settings = {**GOOD, "SUPABASE_DB_URL": database_url, "STRIPE_API_BASE": "http://127.0.0.1:1"}
    for command in ("migrate", "serve"):
        code, _, errors = await run(command, **settings)
        assert (code, errors) == (1, f"{migrations.RENUMBERED}\n")


def received(system: System, payment: UUID, amount: int) -> None:
    """Stripe says now that the payment's intent received so much."""
    for _, intent in system.store.list("payment_intent"):
        if intent["metadata"]["pursebot_payment_id"] == str(payment):
            intent["amount_received"] = amount
            system.store.put("payment_intent", intent["id"], intent)


async def test_dead_letters_are_listed_shown_retried_and_dismissed(
    system: System, database_url: str
) -> None:
    settings = {**GOOD, "SUPABASE_DB_URL": database_url, "STRIPE_API_BASE": system.sandbox_url}

    async def run_events(*words: str) -> Any:
        code, output, errors = await run("events", *words, **settings)
        return json.loads(output) if code == 0 else errors

    # Less arrives than was asked for, then Stripe tells the right amount.
    await system.sandbox("POST", "/stripe/faults", drop=True)
    payment = await system.topup()
    raw = await paid_at_stripe(system, payment)
    event = json.loads(raw)["id"]
    received(system, payment, 4000)
    assert await system.post_event(raw, signed(raw)) == (200, {"state": "dead_letter"})

    [dead_letter] = await run_events("list")
    assert (dead_letter["id"], dead_letter["reason"]) == (event, "amount_differs")
    assert (await run_events("show", event))["payment"]["id"] == str(payment)
    assert (await system.see(payment)).under_review == "amount_differs"
    received(system, payment, 5000)
    assert (await run_events("retry", event))["state"] == "done"
    assert (await system.see(payment)).status == "succeeded"
    assert await run_events("list") == []

    second = await system.topup(key="second")
    other = await paid_at_stripe(system, second)
    received(system, second, 4000)
    assert await system.post_event(other, signed(other)) == (200, {"state": "dead_letter"})
    last = json.loads(other)["id"]
    closed = await run_events("dismiss", last, "--reason", "refunded in the dashboard")
    assert (closed["state"], closed["dismissed_reason"]) == ("ignored", "refunded in the dashboard")
    assert closed["stays_unequal"] == {
        "what": "received", "currency": "eur", "at_stripe": "40.00", "in_the_wallet": "0.00",
    }  # fmt: skip
    assert (await system.see(payment)).under_review is None
    assert "no such open event" in await run_events("retry", event)
    assert {one["id"] for one in await run_events("list", "--all")} == {event, last}


@pytest.mark.slow
@pytest.mark.usefixtures("real_processes")
async def test_a_stop_finishes_the_delivery_that_was_started(
    system: System, database_url: str
) -> None:
    [port] = free_ports(1)
    settings = {**GOOD, "SUPABASE_DB_URL": database_url, "STRIPE_API_BASE": system.sandbox_url}
    process = await start(**settings, PORT=str(port))
    system.url = f"http://127.0.0.1:{port}"
    async with asyncio.timeout(60):
        while True:
            try:
                async with system.http.get(f"{system.url}/ready") as ready:
                    assert ready.status == 200
                    break
            except OSError:
                await asyncio.sleep(0.05)
    await system.sandbox("POST", "/stripe/faults", drop=True)
    payment = await system.topup()
    raw = await paid_at_stripe(system, payment)
    blocker = await asyncpg.connect(database_url)
    transaction = blocker.transaction()
    await transaction.start()
    await blocker.execute("select from payments for update")
    delivery = asyncio.create_task(system.post_event(raw, signed(raw)))
    await until_blocked(blocker)
    process.send_signal(signal.SIGTERM)
    await asyncio.sleep(0.3)
    await transaction.rollback()
    await blocker.close()
    assert await delivery == (200, {"state": "done"})
    _, errors = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 0, errors.decode()


async def test_an_operator_sets_up_an_organization_and_its_owner_comes_in(
    system: System, database_url: str
) -> None:
    settings = {**GOOD, "SUPABASE_DB_URL": database_url}
    code, output, _ = await run("invite-owner", "--organization", "Lumen", **settings)
    invited = re.search(r"/start (invite_([A-Za-z0-9_-]+))$", output, re.M)
    assert (code, invited is not None) == (0, True)
    assert invited
    assert f"https://t.me/<your bot's name>?start={invited[1]}" in output
    joined = await system.services.database.call(
        "accept_invitation", system.world.eve, code=invited[2]
    )
    assert (joined["name"], joined["role"]) == ("Lumen", "owner")
    code, _, errors = await run("invite-owner", "--organization", "Acme", **settings)
    assert (code, str(system.world.acme) in errors) == (1, True)
    code, output, _ = await run(
        "invite-owner", "--organization", str(system.world.acme), **settings
    )
    assert (code, output.startswith("Acme (")) == (0, True)
    assert (await run("invite-owner", "--organization", str(UUID(int=0)), **settings))[0] == 1


async def test_packages_are_offered_listed_and_offered_no_more(
    system: System, database_url: str
) -> None:
    settings = {**GOOD, "SUPABASE_DB_URL": database_url}
    code, output, _ = await run("packages", "add", "Team", "50", "eur", "month", **settings)
    made = json.loads(output)
    assert (code, made["name"], made["money"]["amount"]) == (0, "Team", "50.00")
    again = await run("packages", "add", "Team", "50", "eur", "month", **settings)
    assert json.loads(again[1]) == made
    assert json.loads((await run("packages", "list", **settings))[1]) == [made]
    code, _, errors = await run("packages", "add", "Tiny", "0.01", "eur", "week", **settings)
    assert (code, "smallest amount" in errors) == (1, True)
    assert (await run("packages", "remove", made["id"], **settings))[0] == 0
    assert json.loads((await run("packages", "list", **settings))[1]) == []


async def test_a_start_opens_or_closes_signup(system: System, database_url: str) -> None:
    for setting, is_open in (("open", True), ("closed", False)):
        settings = {**GOOD, "SUPABASE_DB_URL": database_url, "ORGANIZATION_SIGNUP": setting}
        process = await start("serve", **settings, PORT=str(free_ports(1)[0]))
        assert process.stderr
        async with asyncio.timeout(60):
            while b"server_started" not in await process.stderr.readline():
                pass
        process.send_signal(signal.SIGTERM)
        await process.communicate()
        connection = await asyncpg.connect(database_url)
        assert await connection.fetchval("select signup_open from private.installation") == is_open
        await connection.close()


async def test_migrate_and_help_wait_for_no_library_that_they_do_without() -> None:
    program = "import sys, backend.__main__; print({'aiohttp', 'stripe'} & sys.modules.keys())"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    output, _ = await process.communicate()
    assert output == b"set()\n"
