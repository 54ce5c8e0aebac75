"""Whose token it is, what it takes to move money, and how the operator keeps somebody out."""

import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import asyncpg
import jwt
import pytest
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from backend.app import create_app
from backend.database.protocol import SERVICE, SupabaseUser
from backend.schemas import BOT_ISSUER
from sandbox.runner.ports import free_ports
from tests.backend.conftest import ANA, SUPABASE, System, chosen, listening, token
from tests.backend.http.test_supabase_users import LEA, person, status
from tests.backend.organizations.test_linking import request_api
from tests.conftest import World

if TYPE_CHECKING:
    Connection = asyncpg.Connection[Any]
else:
    Connection = asyncpg.Connection

Json = dict[str, Any]


@asynccontextmanager
async def system_with(system: System, **settings: Any) -> AsyncIterator[System]:
    """The same, with these settings of the backend."""
    [port] = free_ports(1)
    before = system.url
    async with listening(create_app(system.services, chosen(**settings), reconciling=False), port):
        system.url = f"http://127.0.0.1:{port}"
        try:
            yield system
        finally:
            system.url = before


async def seen_by(owner: Connection, claims: Json) -> list[str]:
    """The names of the organizations that row-level security shows to a token with these claims."""
    async with owner.transaction():
        await owner.execute("set local role authenticated")
        await owner.execute(
            "select set_config('request.jwt.claims', $1, true)",
            json.dumps({"role": "authenticated", **claims}),
        )
        rows = await owner.fetch("select name from public.organizations")
    return [row["name"] for row in rows]


@pytest.mark.parametrize(
    ("claims", "names"),
    [
        ({"pursebot_telegram_id": ANA}, ["Acme"]),
        ({"sub": str(LEA), "telegram_id": ANA}, []),
        ({"sub": str(LEA), "pursebot_telegram_id": ANA}, []),
        ({"sub": "a third party's", "pursebot_telegram_id": ANA}, []),
        ({"sub": None, "pursebot_telegram_id": ANA}, []),
        ({"telegram_id": ANA}, []),
        ({"pursebot_telegram_id": "not a number"}, []),
        ({}, []),
    ],
)
async def test_a_token_with_a_subject_is_nobody_else(
    world: World, owner: Connection, claims: Json, names: list[str]
) -> None:
    assert await seen_by(owner, claims) == names


async def test_anonymous_sign_ins_are_people_only_where_the_operator_says_so(
    system: System, owner: Connection
) -> None:
    await system.services.database.call("set_policy", SERVICE, signup_open=True)
    anonymous = person(is_anonymous=True)
    answer = await request_api(system, "POST", "organizations", anonymous, name="Anon")
    assert (answer[0], answer[1]["error"]["code"]) == (403, "anonymous_not_allowed")
    assert (
        await owner.fetchval("select count(*) from private.users where auth_user_id = $1", LEA) == 0
    )
    assert (await request_api(system, "POST", "organizations", person(), name="Named"))[0] == 201

    policy = {"second_factor_for_money": False}
    for allowed, names in ((False, []), (True, ["Named"])):
        await system.services.database.call(
            "set_sign_in_policy", SERVICE, anonymous_users=allowed, **policy
        )
        claims = {"sub": str(LEA), "is_anonymous": True}
        assert await seen_by(owner, claims) == names  # past the backend, too
        setting = "on" if allowed else "off"
        async with system_with(system, supabase_anonymous_users=setting) as other:
            expected = 200 if allowed else 403
            assert await status(other, anonymous, "/api/organizations") == expected


async def test_what_moves_money_wants_a_second_factor_where_the_operator_says_so(
    system: System, owner: Connection
) -> None:
    await status(system, person())
    await owner.execute(
        "insert into memberships (organization_id, user_id, role)"
        " select $1, id, 'admin' from private.users where auth_user_id = $2",
        system.world.acme, LEA,
    )  # fmt: skip
    await system.services.database.call(
        "set_sign_in_policy", SERVICE, anonymous_users=False, second_factor_for_money=True
    )
    order = {"organization_id": str(system.world.acme), "amount": "50", "currency": "eur"}
    recurring = {"organization_id": str(system.world.acme), "amount": "50", "interval": "month"}
    card = {"organization_id": str(system.world.acme), "link": True}
    for path, body in (
        ("payments/checkout", order),
        ("payments/create-intent", order),
        ("payments/subscriptions", recurring),
        ("payments/methods", card),
    ):
        answer = await request_api(system, "POST", path, person(aal="aal1"), **body)
        assert (answer[0], answer[1]["error"]["code"]) == (403, "second_factor_needed"), path
        assert (await request_api(system, "POST", path, person(aal="aal2"), **body))[0] == 201, path
        assert (await request_api(system, "POST", path, token(sub=str(ANA)), **body))[0] == 201, (
            path
        )
    payment = await system.topup(key="paid")
    await system.pay(payment)
    await system.until(payment, lambda seen: seen.status == "succeeded")
    with pytest.raises(Exception, match="second factor"):
        await system.services.database.call(
            "create_refund", SupabaseUser(LEA), payment_id=payment, idempotency_key="r"
        )
    assert await status(system, person(aal="aal1"), f"/api/payments/{payment}") == 200


async def test_other_issuers_are_a_setting(system: System) -> None:
    own, custom = f"{SUPABASE}/auth/v1", "https://auth.acme.example/auth/v1"
    assert await status(system, person(iss=SUPABASE)) == 401
    async with system_with(system, supabase_jwt_issuers=f"{SUPABASE}, {custom}") as other:
        for issuer, expected in ((SUPABASE, 200), (custom, 200), (own, 401), (BOT_ISSUER, 401)):
            assert await status(other, person(iss=issuer)) == expected, issuer


CLAIMS_OF_ANOTHER_TYPE: list[Json] = (
    [{"iat": str(int(time.time()))}, {"exp": str(int(time.time()) + 60)}, {"iat": True},
     {"exp": float("inf")}, {"iat": float("nan")}, {"iat": [1]}, {"exp": {}}, {"nbf": "soon"},
     {"sub": 1001}, {"aud": 7}, {"iss": [BOT_ISSUER]}]
)  # fmt: skip


@pytest.mark.parametrize("caller", ["bot", "supabase"])
async def test_claims_of_another_type_are_401(system: System, caller: str) -> None:
    """Signed with the right secrets all the same; PyJWT's own encoder refuses some of them."""
    right, secret = {
        "bot": (token(), chosen().bot_api_secret),
        "supabase": (person(), chosen().supabase_jwt_secret),
    }[caller]
    assert secret is not None
    claims = jwt.decode(right, options={"verify_signature": False})
    for changed in CLAIMS_OF_ANOTHER_TYPE:
        payload = json.dumps({**claims, **changed}).encode()
        signed = jwt.PyJWS().encode(payload, secret.get_secret_value(), algorithm="HS256")
        assert await status(system, signed) == 401, changed


async def test_a_token_that_nests_without_end_is_401(system: System) -> None:
    payload = b"[" * 3000
    signed = jwt.PyJWS().encode(payload, "k" * 64, algorithm="HS256")
    assert await status(system, signed) == 401


KEYS: dict[str, tuple[Any, Any]] = {
    "EdDSA": (ed25519.Ed25519PrivateKey.generate(), OKPAlgorithm.to_jwk),
    "ES256": (ec.generate_private_key(ec.SECP256R1()), ECAlgorithm.to_jwk),
    "ES384": (ec.generate_private_key(ec.SECP384R1()), ECAlgorithm.to_jwk),
    "ES512": (ec.generate_private_key(ec.SECP521R1()), ECAlgorithm.to_jwk),
    "RS256": (rsa.generate_private_key(65537, 2048), RSAAlgorithm.to_jwk),
    "PS256": (rsa.generate_private_key(65537, 2048), RSAAlgorithm.to_jwk),
}


async def test_every_algorithm_of_a_published_key_works_and_others_are_named(
    system: System,
) -> None:
    published = [
        {**json.loads(to_jwk(key.public_key())), "kid": name, "alg": name}
        for name, (key, to_jwk) in KEYS.items()
    ]
    published.append({"kty": "OKP", "crv": "X25519", "x": "AA", "kid": "odd", "alg": "ECDH-ES"})

    async def publish(_: web.Request) -> web.Response:
        return web.json_response({"keys": published})

    [port] = free_ports(1)
    project = f"http://127.0.0.1:{port}"
    app = web.Application()
    app.router.add_get("/auth/v1/.well-known/jwks.json", publish)
    issuer = f"{project}/auth/v1"
    async with listening(app, port), system_with(system, supabase_url=project) as other:
        for name, (key, _) in KEYS.items():
            good = person(key, name, kid=name, iss=issuer)
            assert await status(other, good) == 200, name
        confused = person(KEYS["RS256"][0], "PS256", kid="RS256", iss=issuer)
        assert await status(other, confused) == 401
        unusable = person(ed448.Ed448PrivateKey.generate(), "EdDSA", kid="odd", iss=issuer)
        assert await status(other, unusable) == 401
        answer = await request_api(
            other, "GET", "organizations", person(algorithm="HS512", iss=issuer)
        )
        assert "Tokens signed with HS512 are not taken here" in answer[1]["error"]["message"]
