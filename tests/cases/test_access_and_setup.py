"""Who is let in where nobody is signed in, and what whoever set something up wrongly is told."""

import asyncio
import os
import re
import shlex
import sys
import tempfile
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from limits import RateLimitItemPerMinute

from backend.app import create_app
from backend.http import rate_limits
from backend.http.route import Route
from backend.http.routes import ROUTES
from sandbox.runner.failures import CannotStart
from sandbox.runner.permissions import close_to_others
from sandbox.runner.ports import free_ports
from tests.backend.commands.test_commands import GOOD, ROOT, run
from tests.backend.conftest import System, chosen, listening
from tests.cases.test_limits_and_strangers import ANYBODY
from tests.cases.test_removed_requesters import request_api

HTTPS = "https://wallet.example.com"


async def scrape(system: System, url: str, **headers: str) -> tuple[int, str]:
    async with system.http.get(f"{url}/metrics", headers=headers) as answer:
        return answer.status, await answer.text()


async def test_figures_want_their_token_wherever_the_world_comes_over_https(
    system: System,
) -> None:
    for settings, with_token in (
        (chosen(public_url=HTTPS), 401),  # none is set: nobody, not even from this machine
        (chosen(public_url=HTTPS, metrics_token="only for prometheus"), 200),
    ):
        [port] = free_ports(1)
        url = f"http://127.0.0.1:{port}"
        async with listening(create_app(system.services, settings, reconciling=False), port):
            status, text = await scrape(system, url)
            assert status == 401
            if with_token == 401:
                assert "Set METRICS_TOKEN" in text
            bearer = {"Authorization": "Bearer only for prometheus"}
            assert (await scrape(system, url, **bearer))[0] == with_token


@pytest.mark.parametrize(
    ("host", "status"),
    [("127.0.0.1", 200), ("localhost:1", 200), ("[::1]:1", 200), ("evil.example", 401), ("[", 401)],
)
async def test_a_page_whose_name_resolves_to_this_machine_reads_no_figures(
    system: System, host: str, status: int
) -> None:
    assert (await scrape(system, system.url, Host=host))[0] == status


@pytest.mark.parametrize(
    "route",
    [route for route in ROUTES if route.method != "GET"],
    ids=lambda route: f"{route.method} {route.path}",
)
async def test_whoever_may_change_something_has_a_limit(
    system: System, monkeypatch: pytest.MonkeyPatch, route: Route
) -> None:
    for limit in ("LIMIT_PER_PERSON", "CHANGES_PER_PERSON"):
        monkeypatch.setattr(rate_limits, limit, RateLimitItemPerMinute(1))
    path = re.sub(r"{chat_id[^/]*", "-1001", route.path)
    path = re.sub(r"{\w+}", ANYBODY, path).removeprefix("/api/")
    statuses = [await request_api(system, route.method, path) for _ in range(2)]
    assert statuses[0] != 429
    assert statuses[1] == 429


async def test_a_loop_of_changes_leaves_few_rows_in_the_audit_log(
    system: System, owner: "asyncpg.Connection[Any]"
) -> None:
    path = f"organizations/{system.world.acme}"
    statuses = [await request_api(system, "PATCH", path, name=f"Acme {n}") for n in range(200)]
    assert set(statuses) == {200, 429}
    assert statuses.count(200) <= 120
    assert await owner.fetchval("select count(*) from audit_log") <= 120
    # What costs something is counted apart, and whoever only reads is not counted at all.
    assert await request_api(system, "POST", f"payments/{await system.topup()}/check") == 200
    assert await request_api(system, "GET", path) == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Host": "localhost:{port}", "Origin": "http://localhost:{port}"}, 200),
        ({"Origin": "http://127.0.0.1:{port}"}, 200),
        ({"Host": "evil.example:{port}"}, 403),
        ({"Host": "evil.example:{port}", "Origin": "http://evil.example:{port}"}, 403),
        ({"Host": "["}, 403),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "http://localhost:{port}"}, 403),  # another name is another site
        ({"Origin": "null"}, 403),
    ],
)
async def test_the_sandbox_takes_nothing_from_another_site(
    system: System, headers: dict[str, str], status: int
) -> None:
    port = system.sandbox_url.rpartition(":")[2]
    headers = {name: value.format(port=port) for name, value in headers.items()}
    for method, path, body in (
        ("GET", "/telegram/personas", None),
        ("POST", "/telegram/send", {"user": "ana", "chat": "private", "text": "/balance"}),
        ("GET", "/", None),
        ("GET", "/bot1:sandbox/getMe", None),
        ("GET", "/recorded", None),
    ):
        url = system.sandbox_url + path
        async with system.http.request(method, url, json=body, headers=headers) as answer:
            assert answer.status == status, (method, path)


def test_the_data_folder_of_an_earlier_version_is_closed_to_others(tmp_path: Path) -> None:
    folder = tmp_path / ".data"
    (folder / "logs").mkdir(parents=True)
    for name in ("secrets.json", "sandbox.sqlite3", "environment", "logs/bot.log"):
        (folder / name).touch(mode=0o644)
    for path in (folder, folder / "logs"):
        path.chmod(0o755)
    close_to_others(folder)
    modes = {path.name: path.stat().st_mode & 0o777 for path in (folder, *folder.rglob("*"))}
    assert {modes.pop(".data"), modes.pop("logs")} == {0o700}
    assert set(modes.values()) == {0o600}


def test_a_folder_with_other_things_in_it_is_refused_and_not_closed(tmp_path: Path) -> None:
    folder = tmp_path / "home"
    folder.mkdir()
    folder.chmod(0o755)
    (folder / "something").touch()
    with pytest.raises(CannotStart, match=rf"chmod 700 {folder}"):
        close_to_others(folder)
    assert folder.stat().st_mode & 0o777 == 0o755


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("https://acme.supabase.co", "Write postgresql://user:password@host:5432/name"),
        ("postgresql+asyncpg://u:secret@127.0.0.1:1/x", "Write postgresql://"),
        ("postgresql://u:secret@127.0.0.1:99999/x", "Write postgresql://"),
        ("postgresql://u:secret@127.0.0.1:port/x", "Write postgresql://"),
        ("postgresql://u:[YOUR-PASSWORD]@127.0.0.1:1/x", "Write postgresql://"),
        ("postgresql://u:p@ss/secret@127.0.0.1:1/x", "in the password write @ as %40"),
        ("postgresql://u:secret@nobody.invalid:5432/x", "Nobody knows the host"),
        ("postgresql://u:secret@127.0.0.1:1/x", "Nothing listens at the host and port"),
    ],
)
async def test_each_command_names_a_bad_database_address_in_one_sentence(
    address: str, sentence: str
) -> None:
    settings = {**GOOD, "SUPABASE_DB_URL": address, "STRIPE_API_BASE": "http://127.0.0.1:1"}
    for command in ("serve", "migrate", "doctor"):
        code, output, errors = await run(command, **settings)
        assert code == 1
        assert sentence in output + errors
        assert "Traceback" not in errors
        assert "secret" not in output + errors


async def test_what_other_programs_need_in_an_address_is_named(database_url: str) -> None:
    code, _, errors = await run("migrate", SUPABASE_DB_URL=f"{database_url}&pgbouncer=true")
    assert (code, "?pgbouncer=true" in errors) == (1, True)


@pytest.mark.slow
@pytest.mark.parametrize("command", [("doctor",), ("packages", "list"), ("events", "list")])
async def test_output_that_cannot_be_written_is_not_taken_for_a_port(
    system: System, database_url: str, command: tuple[str, ...]
) -> None:
    environment = {
        **GOOD, "SUPABASE_DB_URL": database_url, "STRIPE_API_BASE": system.sandbox_url,
        "PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT),
    }  # fmt: skip
    process = await asyncio.create_subprocess_shell(
        f"{shlex.quote(sys.executable)} -m backend {' '.join(command)} > /dev/full",
        env=environment, cwd=tempfile.gettempdir(), stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    _, errors = await process.communicate()
    assert process.returncode == 1
    assert errors.decode().splitlines()[-1] == (
        "The output could not be written: No space left on device."
    )


@pytest.mark.slow
async def test_a_reader_that_stops_reading_hears_nothing_of_it(
    system: System, database_url: str
) -> None:
    environment = {
        **GOOD, "SUPABASE_DB_URL": database_url, "STRIPE_API_BASE": system.sandbox_url,
        "PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT),
    }  # fmt: skip
    process = await asyncio.create_subprocess_shell(
        f"{shlex.quote(sys.executable)} -m backend doctor | head -1",
        env=environment, cwd=tempfile.gettempdir(),
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    output, errors = await process.communicate()
    assert output.startswith(b"ok       settings")
    assert b"output" not in errors
    assert b"Traceback" not in errors
    assert b"Broken" not in errors


async def test_a_port_that_cannot_be_opened_is_named_in_one_sentence(
    system: System, database_url: str
) -> None:
    settings = {
        **GOOD, "SUPABASE_DB_URL": database_url, "STRIPE_API_BASE": system.sandbox_url,
        "PORT": system.url.rpartition(":")[2],
    }  # fmt: skip
    code, _, errors = await run("serve", **settings)
    assert (code, "Another process listens there: end it, or set PORT" in errors) == (1, True)
    code, _, errors = await run("serve", **settings, HOST="nobody.invalid")
    assert (code, "Set HOST to an address of this machine" in errors) == (1, True)
