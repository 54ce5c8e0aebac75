"""A stand-in for a Supabase project's REST API: `POST /rest/v1/rpc/<function>`, as documented.

The gateway admits requests with the project's secret key, and takes a new one (`sb_secret_...`) for
the role service_role (https://supabase.com/docs/guides/api/api-keys). Behind it PostgREST verifies
the token, finds the function in the exposed schema, and calls it as the token's role:
https://docs.postgrest.org/en/stable/references/{auth,transactions,errors}.html
"""

import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import asyncpg
import jwt
from aiohttp import web
from aiohttp.test_utils import TestServer
from jwt.types import Options

if TYPE_CHECKING:
    from tests.safeupdate import Bodies

SECRET_KEY = "sb_secret_of_the_standin"
ALONE = frozenset({"apikey"})  # how a secret key may come: in the header apikey and nowhere else
BEARER = frozenset({"bearer"})  # as bearer token too
SKEW_SECONDS = 30  # that PostgREST allows between its clock and a token's times
JWT_SECRET = "the project's JWT secret, of thirty-two characters or more"

# By the longest beginning of the SQLSTATE; 400 for all others. 42501 is 401 for nobody at all.
STATUS = {
    **{"08": 503, "09": 500, "0L": 403, "0P": 403, "23503": 409, "23505": 409, "25006": 405},
    **{"25": 500, "28": 403, "2D": 500, "38": 500, "39": 500, "3B": 500, "40": 500, "53400": 500},
    **{"53": 503, "54": 500, "55": 500, "57": 500, "58": 500, "F0": 500, "HV": 500, "P0001": 400},
    **{"P0": 500, "XX": 500, "42883": 404, "42P01": 404, "42P17": 500, "42501": 403},
}
FUNCTION = """
select p.provolatile = 'v' as writes, p.pronargs - p.pronargdefaults as needed,
    coalesce(p.proargnames, '{}') as names,
    array(select format_type(t, null) from unnest(p.proargtypes) as t) as types
from pg_proc as p where p.pronamespace = to_regnamespace($1) and p.proname = $2
"""
SETTINGS = """
select set_config('role', $1, true), set_config('search_path', $2, true),
    set_config('request.jwt.claims', $3, true)
"""


class ClockError(Exception):
    """A token that is not good now, in PostgREST's words."""


@dataclass
class Standin:
    """The running stand-in and its configuration, which tests may change while it runs."""

    pool: asyncpg.Pool
    url: str = ""
    exposed: tuple[str, ...] = ("public", "api")
    secret_key: str = SECRET_KEY
    verifying_key: Any = JWT_SECRET
    algorithm: str = "HS256"
    key_shapes: frozenset[str] = ALONE | BEARER
    ahead: int = 0  # seconds by which PostgREST's clock is before ours
    broken: int | None = None  # the gateway answers with this status and a page
    bodies: "Bodies | None" = None  # of the database's functions, once one was called

    async def rpc(self, request: web.Request) -> web.Response:
        """Handle a call of a function, as the gateway and PostgREST do."""
        if self.broken:
            return web.Response(status=self.broken, text="<html>", content_type="text/html")
        if request.headers.get("apikey") != self.secret_key:
            return error_response(401, message="Invalid API key")
        schema = request.headers.get("Content-Profile", self.exposed[0])
        if schema not in self.exposed:
            exposed = f"Only the following schemas are exposed: {', '.join(self.exposed)}"
            return error_response(406, "PGRST106", f"Invalid schema: {schema}", hint=exposed)
        try:
            claims = self.claims(request.headers.get("Authorization", ""))
        except ClockError as error:
            return error_response(401, "PGRST303", str(error))
        except jwt.PyJWTError as error:
            return error_response(401, "PGRST301", str(error))
        try:
            return await self.run(schema, request.match_info["function"], claims, request)
        except asyncpg.PostgresError as error:
            state = error.sqlstate or ""
            status = STATUS.get(state) or STATUS.get(state[:2]) or 400
            if state == "42501" and claims["role"] == "anon":
                status = 401
            about = error.as_dict()
            return error_response(
                status, state, about["message"], about.get("detail"), about.get("hint")
            )

    def claims(self, authorization: str) -> dict[str, Any]:
        """Return the claims of an Authorization header. Raises PyJWTError for a bad token."""
        token = authorization.removeprefix("Bearer ")
        if token == "":
            return {"role": "service_role" if "apikey" in self.key_shapes else "anon"}
        if token == self.secret_key and "bearer" in self.key_shapes:
            return {"role": "service_role"}
        if token.count(".") != 2:
            raise jwt.DecodeError(f"Expected 3 parts in JWT; got {token.count('.') + 1}")
        options: Options = {"verify_aud": False, "verify_exp": False, "verify_iat": False}
        claims = jwt.decode(token, self.verifying_key, [self.algorithm], options=options)
        now = time.time() + self.ahead
        if claims.get("exp", now) < now - SKEW_SECONDS:
            raise ClockError("JWT expired")
        if claims.get("iat", now) > now + SKEW_SECONDS:
            raise ClockError("JWT issued at future")
        return {"role": "anon", **claims}

    async def run(
        self, schema: str, name: str, claims: dict[str, Any], request: web.Request
    ) -> web.Response:
        """Call a function with the fields of the body, as the claims' role; return its result."""
        body = await request.text()
        supplied = json.loads(body)
        async with self.pool.acquire() as connection:
            function = await connection.fetchrow(FUNCTION, schema, name)
            names = function["names"][: len(function["types"])] if function else []
            needed = names[: function["needed"]] if function else []
            if function is None or not set(needed) <= set(supplied) <= set(names):
                missing = f"Could not find the function {schema}.{name}({', '.join(supplied)})"
                return error_response(404, "PGRST202", f"{missing} in the schema cache")
            if refused := await self.refusal(connection, f"{schema}.{name}"):
                return error_response(400, "21000", refused)
            types = dict(zip(names, function["types"], strict=True))
            columns = ", ".join(f'"{each}" {types[each]}' for each in supplied) or "nothing text"
            passed = ", ".join(f'"{each}" => body."{each}"' for each in supplied)
            call = f'"{schema}"."{name}"({passed})'
            query = f"select to_json({call})::text from json_to_record($1) as body({columns})"  # noqa: S608
            async with connection.transaction(readonly=not function["writes"]):
                await connection.execute(SETTINGS, claims["role"], schema, json.dumps(claims))
                answer = await connection.fetchval(query, body)
        return web.Response(text=answer or "null", content_type="application/json")

    async def refusal(
        self, connection: "asyncpg.pool.PoolConnectionProxy[Any]", function: str
    ) -> str | None:
        """Return the refusal of pg-safeupdate, which the gateway's login preloads, or None."""
        from tests.safeupdate import read_bodies  # most tests need no grammar

        if self.bodies is None or function not in self.bodies.calls:
            self.bodies = await read_bodies(connection)
        return self.bodies.refusal(function)


def error_response(
    status: int, code: str | None = None, message: str = "", details: Any = None, hint: Any = None
) -> web.Response:
    """Return an error as PostgREST writes it."""
    body = {"code": code, "message": message, "details": details, "hint": hint}
    return web.json_response(body, status=status)


@asynccontextmanager
async def supabase_standin(database_url: str) -> AsyncIterator[Standin]:
    """Run the stand-in before the database at `database_url` for the length of the block.

    It connects as the gateway's own login.
    """
    gateway = database_url.replace("pursebot_owner@", "authenticator@")
    assert gateway != database_url
    async with asyncpg.create_pool(gateway, min_size=1, max_size=10) as pool:
        standin = Standin(pool)
        app = web.Application()
        app.router.add_post("/rest/v1/rpc/{function}", standin.rpc)
        async with TestServer(app) as server:
            standin.url = str(server.make_url("")).rstrip("/")
            yield standin
