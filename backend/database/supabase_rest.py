"""The REST adapter: Supabase's client and PostgREST, calling the same functions of schema `api`.

The project's secret key acts as the service. A person's call carries a token of its own, good for a
minute and signed with the project's signing key. The client is shared between calls, so that the
token is set on the one request and never on the client.

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

Sign = Callable[[dict[str, Any]], str]


class SupabaseDatabase:
    """The protocol `Database` over PostgREST."""

    def __init__(self, client: AsyncClient, sign: Sign) -> None:
        """`client` has the secret key and schema `api`; `sign` signs people's claims."""
        self._client = client
        self._sign = sign

    async def call(self, function: str, actor: Actor, **arguments: Any) -> Any:
        """Run `api.<function>` as `actor`; see `Database.call`."""
        rpc = self._client.rpc(function, arguments)
        if not isinstance(actor, Service):
            rpc.request.headers["Authorization"] = f"Bearer {self._sign(actor.claims)}"
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

    PGRST00x is PostgREST without its database; 429 and 5xx are the gateway's in front of it.
    """
    code = error.code or ""
    if code.startswith("PGRST00"):
        return DatabaseUnavailable()
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
    url: str, secret_key: str, signing_key: str
) -> AsyncIterator[SupabaseDatabase]:
    """Open the project at `url`. Raises DatabaseUnavailable unless it accepts both keys."""
    timeout = httpx.Timeout(CALL_SECONDS, connect=3)
    async with httpx.AsyncClient(timeout=timeout) as http:
        options = AsyncClientOptions(
            schema="api", httpx_client=http, auto_refresh_token=False, persist_session=False
        )
        database = SupabaseDatabase(AsyncClient(url, secret_key, options), signer(signing_key))
        try:
            await database.call("list_applied_migrations", SERVICE)
            with suppress(Refusal):
                await database.call("get_payment", TelegramUser(0), payment_id=UUID(int=0))
        except PostgrestAPIError as error:
            message = " ".join(filter(None, (error.message, error.hint)))
            raise DatabaseUnavailable(
                f"The database is not available over REST: {message}"
            ) from error
        yield database
