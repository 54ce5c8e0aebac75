"""What the documents have one type into Stripe's and Supabase's own programs works with today's.

`make clis` puts them into .cache/cli: the newest of each, and Supabase's of the version before,
whose `db push` takes other flags.
"""

import asyncio
import os
import re
import shutil
from pathlib import Path

import jwt
import pytest

from backend.database import migrations
from sandbox.postgres.cluster import EmbeddedPostgres
from tests.backend.commands.test_commands import GOOD, ROOT, run
from tests.conftest import World
from tests.fake_pooler import fake_pooler
from tests.supabase_standin import SECRET_KEY, Standin

pytestmark = pytest.mark.slow

CLIS = ROOT / ".cache" / "cli"
STRIPE = CLIS / "new/node_modules/.bin/stripe"
SUPABASE = {
    "2": CLIS / "old/node_modules/.bin/supabase",
    "3": CLIS / "new/node_modules/.bin/supabase",
}
SECONDS = 200

if not all(program.exists() for program in (STRIPE, *SUPABASE.values())):
    pytest.skip(
        "Stripe's and Supabase's programs are not here: make clis.", allow_module_level=True
    )


def documented(command: str) -> list[str]:
    """Every place of the documents that has one type `command`, with what follows it."""
    pages = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    pattern = re.compile(rf"{command}(?![\w-])[^`\n]*")
    return [place for page in pages for place in pattern.findall(page.read_text())]


def flags(line: str) -> set[str]:
    return set(re.findall(r"(?<= )--[a-z-]+", line))


async def run_program(program: Path, *words: str, home: Path) -> tuple[int | None, str]:
    """Exit code and everything it says, with no account and no settings of anybody's."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), "DO_NOT_TRACK": "1"}
    process = await asyncio.create_subprocess_exec(
        program, *words, cwd=home, env=environment, stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    output, _ = await asyncio.wait_for(process.communicate(), SECONDS)
    return process.returncode, output.decode()


async def test_stripe_listen_takes_every_flag_that_is_documented(tmp_path: Path) -> None:
    _, existing = await run_program(STRIPE, "listen", "--help", home=tmp_path)
    typed = [line for line in documented("stripe listen") if "--forward-to" in line]
    assert len(typed) > 2
    for line in typed:
        assert flags(line) <= flags(existing), line
        assert flags(line) >= {"--all-snapshot", "--latest"}, line


async def test_stripe_triggers_what_is_documented(tmp_path: Path) -> None:
    _, existing = await run_program(STRIPE, "trigger", "--help", home=tmp_path)
    for line in documented("stripe trigger"):
        assert line.split()[2] in existing


async def test_each_call_of_stripes_api_that_is_documented_exists(tmp_path: Path) -> None:
    nouns = "events|products|customers|disputes|subscriptions|test_helpers"
    typed = {
        re.split(r" (?=-|\w+_\.\.\.)", line)[0]: line for line in documented(f"stripe (?:{nouns})")
    }
    assert "stripe test_helpers test_clocks advance" in typed
    for words, line in typed.items():
        _, existing = await run_program(STRIPE, *words.split()[1:], "--help", home=tmp_path)
        assert f"Usage:\n  {words} " in existing, existing
        assert flags(line) <= flags(existing), line


async def test_each_supabase_push_is_documented_with_where_to(tmp_path: Path) -> None:
    """Without it version 3 pushes to a database of its own on this machine, and says Finished."""
    _, newer = await run_program(SUPABASE["3"], "db", "push", "--help", home=tmp_path)
    _, older = await run_program(SUPABASE["2"], "db", "push", "--help", home=tmp_path)
    typed = [line for line in documented("supabase db push") if flags(line)]
    assert {"--remote", "--linked", "--db-url"} == {flag for line in typed for flag in flags(line)}
    assert "--remote" in flags(newer)
    assert {"--linked", "--db-url"} <= flags(older)


@pytest.mark.parametrize("version", SUPABASE)
async def test_a_key_that_is_made_as_documented_signs_members_tokens(
    standin: Standin, world: World, tmp_path: Path, version: str
) -> None:
    [line] = {each.rstrip(".") for each in documented("supabase gen signing-key") if flags(each)}
    program, *words = line.split()
    process = await asyncio.create_subprocess_exec(
        SUPABASE[version],
        *words,
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    output, _ = await asyncio.wait_for(process.communicate(), SECONDS)
    assert (program, process.returncode) == ("supabase", 0)
    jwk = output.decode().strip()
    private = jwt.PyJWK.from_json(jwk)
    standin.verifying_key, standin.algorithm = private.key.public_key(), "ES256"
    keys = {"SUPABASE_SECRET_KEY": SECRET_KEY, "SUPABASE_JWT_SECRET": jwk}
    code, _, errors = await run("packages", "list", **GOOD, SUPABASE_URL=standin.url, **keys)
    assert code == 0, errors


@pytest.mark.parametrize("version", SUPABASE)
async def test_what_supabase_pushed_migrate_agrees_with(
    postgres: EmbeddedPostgres, tmp_path: Path, version: str
) -> None:
    shutil.copytree(ROOT / "supabase", tmp_path / "supabase")
    name = f"pushed_by_{version}"
    bare = await postgres.create_database(name)
    try:
        async with fake_pooler(bare) as server:
            push = ("db", "push", "--db-url", f"{server.url}?sslmode=disable", "--yes")
            code, printed = await run_program(SUPABASE[version], *push, home=tmp_path)
            assert code == 0, printed
        assert (await migrations.inspect_database(bare)).pending == []
        code, output, errors = await run("migrate", SUPABASE_DB_URL=bare)
        assert code == 0, errors
        assert {line.split()[0] for line in output.splitlines()} == {"adopted"}
        code, output, _ = await run("migrate", SUPABASE_DB_URL=bare)
        assert (code, output) == (0, "The database is up to date.\n")
    finally:
        await postgres.drop_database(name)
