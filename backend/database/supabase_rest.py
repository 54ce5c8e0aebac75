"""The REST adapter: Supabase's client and PostgREST, calling the same functions of schema `api`.

The project's secret key acts as the service, in the header `apikey`. A new one (`sb_secret_...`) is
no JWT and is sent nowhere else unless SUPABASE_KEY_AS_BEARER says so; a legacy one is a JWT and is
the bearer token too (https://supabase.com/docs/guides/api/api-keys). A person's call has a token
of its own, good for a minute and signed with a private key that was imported into the project, or
with its shared secret. The client is shared between calls, so that the token is set on the one
request and never on the client.

PostgREST passes our SQLSTATEs on with their detail, so that refusals are the same as those of the
direct adapter (https://docs.postgrest.org/en/stable/references/errors.html).
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any
from uuid import UUID

import httpx
import jwt
from supabase import AsyncClient, AsyncClientOptions, PostgrestAPIError

from backend.database.protocol import SERVICE, Actor, Service, TelegramUser, error_from_sqlstate
from backend.errors import PursebotError, Refusal
from backend.failures import DatabaseUnavailable

CALL_SECONDS = 10
TOKEN_SECONDS = 60
SQLSTATE_LENGTH = 5  # the `code` of an answer that is not PostgREST's is an HTTP status

# PostgREST's messages where its clock and that of the token's issuer are over 30 seconds apart. The
# code is PGRST303, before version 13 PGRST301; both are of other faults of a token too:
# https://github.com/PostgREST/postgrest/blob/main/src/PostgREST/Auth/Jwt.hs
TOKEN_CODES = ("PGRST301", "PGRST303")
CLOCK_ERRORS = ("JWT expired", "JWT not yet valid", "JWT issued at future")
CLOCK_FIX = (
    "The clocks differ: set this machine's (NTP). If it is right, the project's own are apart, and"
    " Supabase has to set them."
)
# By whether the secret key was the bearer token too: the code of the refusal where the gateway did
# not replace the key with a token: PostgREST then has none (the role `anon`), or parses the key.
SHAPE_FIXES = {
    False: ("42501", "If SUPABASE_SECRET_KEY is right, set SUPABASE_KEY_AS_BEARER=on."),
    True: ("PGRST301", "If SUPABASE_SECRET_KEY is right, set SUPABASE_KEY_AS_BEARER=off."),
}
SIGNING_KEY_FIX = (
    "SUPABASE_JWT_SECRET is none of the keys that the project trusts: import it there (Project"
    " Settings, JWT Keys), or copy it again."
)

Sign = Callable[[dict[str, Any]], str]


class SupabaseDatabase:
    """The protocol `Database` over PostgREST."""

    def __init__(self, client: AsyncClient, sign: Sign, key_as_bearer: bool) -> None:
        """`client` has the secret key and schema `api`; `sign` signs people's claims."""
        self._client = client
        self._sign = sign
        self._key_as_bearer = key_as_bearer

    async def call(self, function: str, actor: Actor, **arguments: Any) -> Any:
        """Run `api.<function>` as `actor`; see `Database.call`."""
        rpc = self._client.rpc(function, arguments)
        if not isinstance(actor, Service):
            rpc.request.headers["Authorization"] = f"Bearer {self._sign(actor.claims)}"
        elif not self._key_as_bearer:
            del rpc.request.headers["Authorization"]  # the client repeats the key there
        try:
            async with asyncio.timeout(CALL_SECONDS):
                return (await rpc.execute()).data
        except PostgrestAPIError as error:
            mapped_error = error_from_postgrest(error)
            if mapped_error is None:
                raise
            raise mapped_error from error
        except (httpx.HTTPError, TimeoutError) as error:
            raise DatabaseUnavailable from error


def error_from_postgrest(error: PostgrestAPIError) -> PursebotError | None:
    """Return the error that an answer stands for; None for a bug.

    PGRST00x is PostgREST without its database; 429 and 5xx are the gateway's in front of it. Clocks
    that differ are no fault of the caller's, and pass.
    """
    code, message = error.code or "", error.message or ""
    if code.startswith("PGRST00"):
        return DatabaseUnavailable()
    if code in TOKEN_CODES and message.startswith(CLOCK_ERRORS):
        unavailable = DatabaseUnavailable()
        unavailable.details = {"reason": message, "next_step": CLOCK_FIX}
        return unavailable
    if len(code) == SQLSTATE_LENGTH:
        return error_from_sqlstate(code, error.details)
    return DatabaseUnavailable() if code == "429" or code.startswith("5") else None


def signer(secret: str) -> Sign:
    """Return a function that signs claims as a token for TOKEN_SECONDS.

    `secret` is the project's JWT secret (HS256), or a private key as a JWK:
    https://supabase.com/docs/guides/auth/signing-keys
    """
    key: jwt.PyJWK | str = secret
    algorithm, header = "HS256", {}
    if secret.lstrip().startswith("{"):
        key = jwt.PyJWK.from_json(secret)
        algorithm, header = key.algorithm_name, {"kid": key.key_id}

    def sign(claims: dict[str, Any]) -> str:
        now = int(time.time())
        lifetime = {"aud": "authenticated", "iat": now, "exp": now + TOKEN_SECONDS}
        return jwt.encode({**claims, **lifetime}, key, algorithm, header)

    return sign


@asynccontextmanager
async def supabase_database(
    url: str, secret_key: str, signing_key: str, *, key_as_bearer: bool | None = None
) -> AsyncIterator[SupabaseDatabase]:
    """Open the project at `url`. Raises DatabaseUnavailable unless it accepts both keys.

    `key_as_bearer`: whether `secret_key` is the bearer token too; None: where it is a JWT.
    """
    if key_as_bearer is None:
        key_as_bearer = not secret_key.startswith("sb_")
    timeout = httpx.Timeout(CALL_SECONDS, connect=3)
    async with httpx.AsyncClient(timeout=timeout) as http:
        options = AsyncClientOptions(
            schema="api", httpx_client=http, auto_refresh_token=False, persist_session=False
        )
        client = AsyncClient(url, secret_key, options)
        database = SupabaseDatabase(client, signer(signing_key), key_as_bearer)
        await require_both_keys(database, key_as_bearer)
        yield database


async def require_both_keys(database: SupabaseDatabase, key_as_bearer: bool) -> None:
    """Raise DatabaseUnavailable, with what to do, unless the service and a member can call."""
    fixes = dict([SHAPE_FIXES[key_as_bearer]])
    try:
        await database.call("list_applied_migrations", SERVICE)
        fixes = dict.fromkeys(TOKEN_CODES, SIGNING_KEY_FIX)
        with suppress(Refusal):
            await database.call("get_payment", TelegramUser(0), payment_id=UUID(int=0))
    except PostgrestAPIError as error:
        reason = " ".join(filter(None, (error.message, error.hint)))
        raise unavailable_over_rest(reason, fixes.get(error.code or "", "")) from error
    except DatabaseUnavailable as error:
        if "reason" not in error.details:
            raise
        raise unavailable_over_rest(error.details["reason"], error.details["next_step"]) from error


def unavailable_over_rest(reason: str, fix: str) -> DatabaseUnavailable:
    """Return the error of a start: PostgREST's own sentence, and what to do about it."""
    message = f"The database is not available over REST: {reason}"
    return DatabaseUnavailable(f"{message.rstrip('.')}. {fix}" if fix else message)
