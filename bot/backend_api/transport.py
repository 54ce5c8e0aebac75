"""HTTP to the backend: tokens, timeouts, retries, and parsing of answers."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final, TypeVar
from urllib.parse import urlencode

import aiohttp
import jwt
from pydantic import BaseModel, SecretStr, ValidationError

from backend import schemas
from bot.backend_api.errors import BackendRefusal, BackendUnavailable, SecretRefused

Answer = TypeVar("Answer", bound=BaseModel)

CONNECT_SECONDS: Final = 3.0
ANSWER_SECONDS: Final = 20.0  # all tries together
TRY_AFTER: Final = (0.0, 0.1, 0.4)  # seconds


class BackendTransport:
    """Sends requests in the name of a Telegram user or, without one, of the bot itself.

    Every method raises BackendRefusal or BackendUnavailable.
    """

    def __init__(self, session: aiohttp.ClientSession, base_url: str, secret: SecretStr) -> None:
        """Take the session, the base address (no trailing slash) and the secret for tokens."""
        self._session, self._base_url, self._secret = session, base_url, secret

    async def request(
        self,
        user: int | None,
        method: str,
        path: str,
        answer_model: type[Answer],
        *,
        query: BaseModel | None = None,
        body: BaseModel | None = None,
        idempotency_key: str = "",
    ) -> Answer:
        """Send a request as `send` does, and parse its answer as `answer_model`.

        `query` becomes the query string (without fields that are None), `body` the JSON (without
        fields that were not set).
        """
        answer = await self.send(
            user,
            method,
            path + (query_string(query) if query else ""),
            body=body,
            idempotency_key=idempotency_key,
        )
        return parse(answer_model, answer)

    async def send(
        self,
        user: int | None,
        method: str,
        path: str,
        *,
        body: BaseModel | None = None,
        idempotency_key: str = "",
    ) -> bytes:
        """Send a request, up to three times where no usable answer comes; return the answer's body.

        So the request must be idempotent: a read, or one that names a value, an idempotency key or
        a claim.
        """
        failures = []
        async with deadline(ANSWER_SECONDS):
            for pause in TRY_AFTER:
                await asyncio.sleep(pause)
                try:
                    return await self.send_once(user, method, path, body, idempotency_key)
                except SecretRefused:
                    raise  # so would every other try be
                except BackendUnavailable as error:
                    failures.append(error)
        possibly_executed = any(failure.possibly_executed for failure in failures)
        raise BackendUnavailable(str(failures[-1]), possibly_executed) from failures[-1]

    async def send_once(
        self,
        user: int | None,
        method: str,
        path: str,
        body: BaseModel | None = None,
        idempotency_key: str = "",
    ) -> bytes:
        """Send a request a single time; return the answer's body."""
        headers = {"Authorization": f"Bearer {new_token(self._secret, user)}"}
        data = None
        if body:
            headers["Content-Type"] = "application/json"
            data = body.model_dump_json(exclude_unset=True).encode()
        if idempotency_key:
            headers["Idempotency-Key"] = idempotency_key
        url = self._base_url + path
        try:
            async with self._session.request(method, url, data=data, headers=headers) as response:
                answer = await response.read()
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise BackendUnavailable(repr(error), possibly_executed=False) from error
        except aiohttp.ClientError as error:
            raise BackendUnavailable(repr(error), possibly_executed=True) from error
        if response.ok:
            return answer
        if schemas.INVALID_TOKEN in response.headers.getall("WWW-Authenticate", []):
            raise SecretRefused
        raise refusal_in(response.status, answer)


def new_session() -> aiohttp.ClientSession:
    """Open an HTTP session for a BackendClient: without cookies, and no timeout for answers."""
    return aiohttp.ClientSession(
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS),
    )


def new_token(secret: SecretStr, user: int | None) -> str:
    """Return a signed token (HS256): of a user for their routes, without one for the bot's own."""
    now = int(time.time())
    claims = {
        "iss": schemas.BOT_ISSUER,
        "aud": schemas.ACTOR_AUDIENCE if user else schemas.SERVICE_AUDIENCE,
        "sub": str(user or "bot"),
        "iat": now,
        "exp": now + schemas.TOKEN_LIFETIME_SECONDS,
    }
    return jwt.encode(claims, secret.get_secret_value(), algorithm="HS256")


@asynccontextmanager
async def deadline(seconds: float) -> AsyncIterator[None]:
    """Raise BackendUnavailable when the block takes longer than `seconds`."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError as error:
        raise BackendUnavailable(f"no answer in {seconds:g} s", possibly_executed=True) from error


def query_string(query: BaseModel) -> str:
    """Return a query as the end of an address: "?month=2026-11"."""
    return "?" + urlencode(query.model_dump(mode="json", exclude_none=True), doseq=True)


def parse(model: type[Answer], body: bytes) -> Answer:
    """Parse an answer's body; raise BackendUnavailable where it does not fit the model."""
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        raise BackendUnavailable(f"unreadable {model.__name__}", possibly_executed=True) from error


def refusal_in(status: int, body: bytes) -> BackendRefusal | BackendUnavailable:
    """Return the exception for an answer with an error status."""
    try:
        error = schemas.ErrorAnswer.model_validate_json(body).error
    except ValidationError:
        return BackendUnavailable(f"HTTP {status}", possibly_executed=True)
    return BackendRefusal(status, error.code, error.facts, error.request_id)
