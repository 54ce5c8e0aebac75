"""The keys of a Supabase project, in each shape; its clock; its address without a way to it."""

import asyncio
import json
import os
import re
import sys
import textwrap
import time
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from backend.database.connection_refusals import UNKNOWN_REFUSAL
from backend.database.connections import Unreachable
from backend.database.supabase_rest import supabase_database
from backend.errors import PursebotError
from tests.backend.commands.test_commands import GOOD, ROOT, run
from tests.backend.conftest import ANA, open_system, token
from tests.conftest import World
from tests.supabase_standin import ALONE, BEARER, JWT_SECRET, SECRET_KEY, Standin

NEW = {"SUPABASE_SECRET_KEY": SECRET_KEY, "SUPABASE_JWT_SECRET": JWT_SECRET}
ON, OFF = {"SUPABASE_KEY_AS_BEARER": "on"}, {"SUPABASE_KEY_AS_BEARER": "off"}
UNUSED = {"SUPABASE_URL": "https://x.supabase.co", **NEW}  # nothing is asked of it


def legacy_key(role: str) -> str:
    return jwt.encode({"role": role, "iss": "supabase", "exp": int(time.time()) + 3600}, JWT_SECRET)


def new_jwk() -> tuple[dict[str, Any], ec.EllipticCurvePublicKey]:
    """As `supabase gen signing-key` makes one, and what the project publishes of it."""
    key = ec.generate_private_key(ec.SECP256R1())
    jwk = jwt.algorithms.ECAlgorithm.to_jwk(key, as_dict=True)
    return {**jwk, "kid": "ours", "alg": "ES256"}, key.public_key()


async def use(standin: Standin, **settings: str) -> tuple[int | None, str]:
    """Exit code of a command that goes over REST, and what it says of what is wrong."""
    code, _, errors = await run("packages", "list", **GOOD, SUPABASE_URL=standin.url, **settings)
    assert "Traceback" not in errors, errors
    assert SECRET_KEY not in errors
    return code, errors


async def doctor_warnings(standin: Standin, **settings: str) -> str:
    """What doctor warns of in the settings and at Supabase."""
    stripe = {"STRIPE_API_BASE": "http://127.0.0.1:1"}
    _, output, errors = await run(
        "doctor", "--json", **GOOD, **stripe, SUPABASE_URL=standin.url, **settings
    )
    assert "Traceback" not in errors, errors
    warnings = [each for each in json.loads(output) if each["level"] == "warning"]
    return "\n".join(each["said"] for each in warnings if each["about"] == "supabase")


@pytest.mark.parametrize(
    ("shapes", "setting"),
    [(ALONE, {}), (ALONE, OFF), (BEARER, ON), (ALONE | BEARER, {}), (ALONE | BEARER, ON)],
)
async def test_a_secret_key_travels_alone_or_as_bearer_too(
    standin: Standin, world: World, shapes: frozenset[str], setting: dict[str, str]
) -> None:
    standin.key_shapes = shapes
    assert await use(standin, **NEW, **setting) == (0, "")


@pytest.mark.parametrize(
    ("shapes", "setting", "fix"),
    [
        (BEARER, {}, "set SUPABASE_KEY_AS_BEARER=on."),
        (ALONE, ON, "set SUPABASE_KEY_AS_BEARER=off."),
    ],
)
async def test_the_shape_that_a_project_does_not_take_is_named_with_its_setting(
    standin: Standin, world: World, shapes: frozenset[str], setting: dict[str, str], fix: str
) -> None:
    standin.key_shapes = shapes
    code, errors = await use(standin, **NEW, **setting)
    assert (code, fix in errors) == (1, True), errors


@pytest.mark.slow
async def test_a_legacy_key_under_the_former_name_works_and_doctor_warns(
    standin: Standin, world: World
) -> None:
    standin.secret_key, standin.key_shapes = legacy_key("service_role"), BEARER
    legacy = {"SUPABASE_SERVICE_ROLE_KEY": standin.secret_key, "SUPABASE_JWT_SECRET": JWT_SECRET}
    assert await use(standin, **legacy) == (0, "")
    warnings = await doctor_warnings(standin, **legacy)
    for words in ("is the former name of SUPABASE_SECRET_KEY", "is a legacy one", "shared secret"):
        assert words in warnings


@pytest.mark.slow
async def test_new_keys_and_an_imported_jwk_are_what_doctor_wants(
    standin: Standin, world: World
) -> None:
    jwk, standin.verifying_key = new_jwk()
    standin.algorithm = "ES256"
    keys = {"SUPABASE_SECRET_KEY": SECRET_KEY, "SUPABASE_JWT_SECRET": json.dumps(jwk)}
    assert await use(standin, **keys) == (0, "")
    assert await doctor_warnings(standin, **keys) == ""
    # The new name is read first, and both with the same key are no contradiction.
    former = {"SUPABASE_SERVICE_ROLE_KEY": "sb_secret_rolled"}
    assert await use(standin, **keys, **former) == (0, "")
    assert await use(standin, **keys, SUPABASE_SERVICE_ROLE_KEY=SECRET_KEY) == (0, "")


@pytest.mark.slow
async def test_what_the_first_day_has_one_ask_by_hand_is_answered_as_it_says(
    standin: Standin, world: World
) -> None:
    page = (ROOT / "docs" / "first-day.md").read_text()
    [script] = re.findall(r"(?m)^    rpc\(\) \{(?:.*\n    )+.*list_organizations.*$", page)
    jwk, standin.verifying_key = new_jwk()
    standin.algorithm = "ES256"
    environment = {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT),
        "SUPABASE_URL": standin.url, "SUPABASE_SECRET_KEY": SECRET_KEY,
        "SUPABASE_JWT_SECRET": json.dumps(jwk),
    }  # fmt: skip
    for standin.key_shapes, as_bearer in ((ALONE | BEARER, "200"), (ALONE, "401")):
        process = await asyncio.create_subprocess_exec(
            "bash", "-c", textwrap.dedent(script), env=environment, stdout=asyncio.subprocess.PIPE
        )
        output, _ = await asyncio.wait_for(process.communicate(), 60)
        alone, both, member = output.decode().splitlines()
        assert (alone[-3:], both[-3:], member[-3:]) == ("200", as_bearer, "400")
        assert ("Expected 3 parts in JWT" in both) == (as_bearer == "401")
        assert "PB401" in member


async def test_a_signing_key_that_was_not_imported_is_named(standin: Standin, world: World) -> None:
    jwk, _ = new_jwk()
    _, standin.verifying_key = new_jwk()
    standin.algorithm = "ES256"
    code, errors = await use(standin, **NEW | {"SUPABASE_JWT_SECRET": json.dumps(jwk)})
    assert (code, "none of the keys that the project trusts: import it" in errors) == (1, True)


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("SUPABASE_SECRET_KEY", "sb_publishable_x", "must start with sb_secret_ or eyJ"),
        ("SUPABASE_SERVICE_ROLE_KEY", "sb_publishable_x", "must start with sb_secret_ or eyJ"),
        (
            "SUPABASE_SECRET_KEY",
            legacy_key("anon"),
            "is not the secret key: it has another role than service_role",
        ),
        ("SUPABASE_KEY_AS_BEARER", "maybe", "Input should be 'on' or 'off'"),
        ("SUPABASE_JWT_SECRET", json.dumps([new_jwk()[0]]), "is a list of keys"),
        ("SUPABASE_JWT_SECRET", "{kty:EC,kid:ours,d:xxxxxxxxxxxxxxxx}", "is no JSON: quote"),
        (
            "SUPABASE_JWT_SECRET",
            json.dumps({**new_jwk()[0], "d": ""}),
            "is a JWK without d: take the private key",
        ),
    ],
)
async def test_a_key_of_the_wrong_kind_is_named(name: str, value: str, sentence: str) -> None:
    code, _, errors = await run("events", "list", **GOOD, **UNUSED | {name: value})
    assert (code, f"{name}: {sentence}" in errors, value in errors) == (2, True, False), errors


@pytest.mark.parametrize(
    ("ahead", "reason"), [(-120, "JWT issued at future"), (120, "JWT expired")]
)
async def test_clocks_that_differ_are_503_and_named_at_the_start(
    standin: Standin, world: World, tmp_path: Path, ahead: int, reason: str
) -> None:
    async with (
        supabase_database(standin.url, SECRET_KEY, JWT_SECRET) as database,
        open_system(database, world, tmp_path) as system,
    ):
        headers = {"Authorization": f"Bearer {token(sub=str(ANA))}"}
        for standin.ahead, status in ((ahead, 503), (0, 200)):
            async with system.http.get(f"{system.url}/api/organizations", headers=headers) as reply:
                body = await reply.json()
            assert reply.status == status, body
            if status == 503:
                assert body["error"]["code"] == "database_unavailable"
                assert "JWT" not in json.dumps(body)  # for the log, not for whoever calls
    standin.ahead = ahead
    code, errors = await use(standin, **NEW)
    assert code == 1
    assert f"over REST: {reason}. The clocks differ: set this machine's (NTP)" in errors


async def test_a_token_that_is_wrong_in_itself_is_no_matter_of_clocks(
    standin: Standin, world: World
) -> None:
    async with supabase_database(standin.url, SECRET_KEY, JWT_SECRET) as database:
        standin.verifying_key = "another secret, of thirty-two characters"
        with pytest.raises(Exception, match="Signature verification failed") as raised:
            await database.call("list_organizations", world.ana)
        assert not isinstance(raised.value, PursebotError)


async def test_a_host_that_only_another_network_reaches_names_ipv6_and_the_pooler() -> None:
    """A multicast address has no way for TCP on any machine, as IPv6 has none on many."""
    settings = {**GOOD, "SUPABASE_DB_URL": "postgresql://u:p@224.0.0.1:5432/x"}
    for words in (("migrate",), ("packages", "list")):
        code, _, errors = await run(*words, **settings)
        assert (code, "Traceback" in errors) == (1, False), errors
        assert "IPv6 only, unless the project has the IPv4 add-on" in errors
    _, output, _ = await run("doctor", **settings, STRIPE_API_BASE="http://127.0.0.1:1")
    assert "take the session pooler's address under Connect" in output


@pytest.mark.parametrize(
    "error",
    [
        OSError(113, "Connect call failed ('2001:db8::1', 5432, 0, 0)"),
        OSError("Multiple exceptions: [Errno 101] Network is unreachable, [Errno 111] refused"),
        OSError(-5, "No address associated with hostname"),
        OSError(97, "Address family not supported by protocol"),
    ],
)
def test_what_systems_say_of_ipv6_that_they_have_not_is_known(error: OSError) -> None:
    refused = Unreachable(error)
    assert (refused.fix != UNKNOWN_REFUSAL.fix, refused.is_transient) == (True, True)
    assert "IPv6" in str(refused)
