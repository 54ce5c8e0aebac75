"""Engineers come with Supabase's tokens: which are good, and whose they are."""

import hmac
import json
import time
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import jwt
import pytest
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from backend.errors import (
    Unauthorized,
)
from backend.failures import (
    SupabaseUnavailable,
)
from backend.http import supabase_auth
from backend.http.supabase_auth import SupabaseAuth
from sandbox.runner.ports import free_ports
from tests.backend.conftest import SECRET, SUPABASE, SUPABASE_SECRET, System, listening, token

Json = dict[str, Any]
LEA = uuid4()
CURVE, RSA = ec.generate_private_key(ec.SECP256R1()), rsa.generate_private_key(65537, 2048)


def person(key: Any = SUPABASE_SECRET, algorithm: str = "HS256", **changed: Any) -> str:
    """Lea's token as Supabase makes it, or something like it."""
    now = int(time.time())
    claims = {
        "iss": f"{SUPABASE}/auth/v1", "aud": "authenticated", "role": "authenticated",
        "sub": str(LEA), "iat": now, "exp": now + 3600, "email": "lea@example.com",
        "user_metadata": {"full_name": "Lea"},
    }  # fmt: skip
    kid = changed.pop("kid", None)
    claims |= changed
    headers = {"kid": kid} if kid else None
    return jwt.encode({k: v for k, v in claims.items() if v is not None}, key, algorithm, headers)


async def status(system: System, bearer: str, path: str = "/api/me/settings") -> int:
    headers = {"Authorization": f"Bearer {bearer}"}
    async with system.http.get(system.url + path, headers=headers) as answer:
        return answer.status


async def test_a_supabase_user_is_somebody_from_the_first_call_on(
    system: System, owner: "asyncpg.Connection[Any]"
) -> None:
    assert [await status(system, person()) for _ in range(2)] == [200, 200]
    rows = await owner.fetch("select name from private.users where auth_user_id = $1", LEA)
    assert [row["name"] for row in rows] == ["Lea"]
    headers = {"Authorization": f"Bearer {person()}"}
    words = {"name": "Lea Two", "language": "de"}
    async with system.http.put(f"{system.url}/api/me", json=words, headers=headers) as answer:
        body = await answer.json()
        assert (body["name"], body["language"], body["organizations"]) == ("Lea Two", "de", [])


async def test_of_a_long_name_what_is_kept_can_be_seen(
    system: System, owner: "asyncpg.Connection[Any]"
) -> None:
    name = "\u0301" * 256 + "Lea"  # marks without a letter, up to where it is cut
    assert await status(system, person(user_metadata={"full_name": name})) == 200
    stored = "select name from private.users where auth_user_id = $1"
    assert await owner.fetchval(stored, LEA) == "?"


async def test_row_level_security_knows_them(
    system: System, owner: "asyncpg.Connection[Any]"
) -> None:
    await status(system, person())
    payment = await system.topup()
    assert await status(system, person(), f"/api/payments/{payment}") == 404
    await owner.execute(
        "insert into memberships (organization_id, user_id, role)"
        " select $1, id, 'member' from private.users where auth_user_id = $2",
        system.world.acme, LEA,
    )  # fmt: skip
    assert await status(system, person(), f"/api/payments/{payment}") == 200


async def test_any_other_token_of_theirs_is_a_401(system: System) -> None:
    past = int(time.time()) - 60
    for bad in (
        person(key="x" * 64), person(algorithm="HS512"), person(key="", algorithm="none"),
        person(aud="anon"), person(aud=None), person(exp=past), person(exp=None), person(iat=None),
        person(role="service_role"), person(role="anon"), person(role=None),
        person(sub="lea"), person(sub=None),
        f"{jwt.utils.base64url_encode(b'{}').decode()}.{person().partition('.')[2]}",
        person(iss="supabase"), person(iss=f"{SUPABASE}/auth/v1/"), person(iss=None),
        # The bot's secret signs tokens of the bot only, Supabase's secret Supabase's.
        person(key=SECRET), token(key=SUPABASE_SECRET), token(iss=f"{SUPABASE}/auth/v1"),
    ):  # fmt: skip
        assert await status(system, bad) == 401, jwt.decode(
            bad, options={"verify_signature": False}
        )


class Project:
    """A Supabase that publishes keys, until it does not."""

    def __init__(self, url: str) -> None:
        self.auth = SupabaseAuth(url, SUPABASE_SECRET)
        self.key_requests, self.broken = 0, False
        self.keys = [
            {**json.loads(ECAlgorithm.to_jwk(CURVE.public_key())), "kid": "curve"},
            {**json.loads(RSAAlgorithm.to_jwk(RSA.public_key())), "kid": "rsa", "alg": "RS256"},
        ]

    async def publish(self, _: web.Request) -> web.Response:
        self.key_requests += 1
        return web.json_response({"keys": self.keys}, status=500 if self.broken else 200)

    async def admits(self, bearer: str) -> bool:
        try:
            return UUID((await self.auth.claims(bearer))["sub"]) == LEA
        except Unauthorized:
            return False

    def person(self, key: Any, algorithm: str, kid: str | None) -> str:
        return person(key, algorithm, kid=kid, iss=self.auth.issuer)


@pytest.fixture
async def project() -> AsyncIterator[Project]:
    port = free_ports(1)[0]
    project = Project(f"http://127.0.0.1:{port}")
    app = web.Application()
    app.router.add_get("/auth/v1/.well-known/jwks.json", project.publish)
    async with listening(app, port):
        yield project


async def test_published_keys_are_asked_for_once(project: Project) -> None:
    for key, algorithm, kid in ((CURVE, "ES256", "curve"), (RSA, "RS256", "rsa")) * 2:
        assert await project.admits(project.person(key, algorithm, kid))
    assert project.key_requests == 1


async def test_a_key_is_good_for_its_own_algorithm_only(project: Project) -> None:
    public = RSA.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    confused = jwt.utils.base64url_encode(b'{"alg":"HS256","kid":"rsa"}')
    body = project.person(SECRET, "HS256", "rsa").split(".")[1].encode()
    signature = hmac.digest(public, confused + b"." + body, "sha256")
    forged = b".".join((confused, body, jwt.utils.base64url_encode(signature))).decode()
    for bad in (
        forged,
        project.person(RSA, "RS512", "rsa"), project.person(RSA, "PS256", "rsa"),
        project.person(CURVE, "ES256", "rsa"), project.person(RSA, "RS256", "curve"),
        project.person(RSA, "RS256", None),
        project.person(SUPABASE_SECRET, "HS512", "rsa"),
    ):  # fmt: skip
        assert not await project.admits(bad)


async def test_strangers_keys_are_asked_for_once_a_minute(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not await project.admits(project.person(CURVE, "ES256", "new"))
    assert not await project.admits(project.person(CURVE, "ES256", "newer"))
    assert project.key_requests == 1
    project.keys[0]["kid"] = "new"  # the project has a new key
    monkeypatch.setattr(supabase_auth, "REFETCH_SECONDS", 0)
    assert await project.admits(project.person(CURVE, "ES256", "new"))
    assert project.key_requests == 2


async def test_while_nobody_answers_known_keys_stay_good_and_others_are_a_503(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supabase_auth, "FRESH_SECONDS", 0)
    assert await project.admits(project.person(CURVE, "ES256", "curve"))
    project.broken = True
    assert await project.admits(project.person(CURVE, "ES256", "curve"))
    for _ in range(2):
        with pytest.raises(SupabaseUnavailable):
            await project.admits(project.person(CURVE, "ES256", "new"))
    assert project.key_requests == 2
