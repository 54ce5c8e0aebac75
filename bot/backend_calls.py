"""How the bot speaks HTTP to the backend: tokens, deadlines, tries, and what can go wrong."""

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

Answer = TypeVar("Answer", bound=BaseModel)

CONNECT_SECONDS: Final = 3.0
ANSWER_SECONDS: Final = 20.0  # all tries together
TRY_AFTER: Final = (0.0, 0.1, 0.4)


class BackendError(Exception):
    """The backend did not do what was asked.

    BackendError
    +-- BackendRefusal        it answered no, with a code of its own
    +-- BackendUnavailable    it did not answer, or not in a way that we can read
    """


class BackendRefusal(BackendError):
    """The backend's error shape: a stable `code`, its `facts`, the HTTP `status`."""

    def __init__(self, status: int, code: str, facts: dict[str, str], request_id: str) -> None:
        """What an `ErrorAnswer` said."""
        super().__init__(code)
        self.status, self.code, self.facts, self.request_id = status, code, facts, request_id


class BackendUnavailable(BackendError):
    """No answer. `may_have_acted` is false only when no try can have reached the backend."""

    def __init__(self, why: str, may_have_acted: bool) -> None:
        """`why` is for the log."""
        super().__init__(why)
        self.may_have_acted = may_have_acted


class BackendCalls:
    """Calls in the name of a Telegram user or, where there is none, of the bot itself.

    Every call raises BackendRefusal or BackendUnavailable.
    """

    def __init__(self, session: aiohttp.ClientSession, base: str, secret: SecretStr) -> None:
        """`base` has no trailing slash; `secret` signs the tokens."""
        self._session, self._base, self._secret = session, base, secret

    def _token(self, user: int | None) -> str:
        """A token for this user's doors; without a user, for those of the bot itself."""
        now = int(time.time())
        claims = {
            "iss": schemas.BOT_ISSUER,
            "aud": schemas.ACTOR_AUDIENCE if user else schemas.SERVICE_AUDIENCE,
            "sub": str(user or "bot"),
            "iat": now,
            "exp": now + schemas.TOKEN_LIFETIME_SECONDS,
        }
        return jwt.encode(claims, self._secret.get_secret_value(), algorithm="HS256")

    async def call(
        self, user: int | None, method: str, path: str, body: BaseModel | None = None, key: str = ""
    ) -> bytes:
        """The answer's body; a lost connection is tried again, so what is asked must act once."""
        failures = []
        async with at_most(ANSWER_SECONDS):
            for pause in TRY_AFTER:
                await asyncio.sleep(pause)
                try:
                    return await self.once(user, method, path, body, key)
                except BackendUnavailable as error:
                    failures.append(error)
        may_have_acted = any(failure.may_have_acted for failure in failures)
        raise BackendUnavailable(str(failures[-1]), may_have_acted) from failures[-1]

    async def once(
        self, user: int | None, method: str, path: str, body: BaseModel | None = None, key: str = ""
    ) -> bytes:
        """The answer's body, asked once."""
        headers = {"Authorization": f"Bearer {self._token(user)}"}
        headers |= {"Content-Type": "application/json"} if body else {}
        headers |= {"Idempotency-Key": key} if key else {}
        data = body.model_dump_json(exclude_unset=True).encode() if body else None
        url = self._base + path
        try:
            async with self._session.request(method, url, data=data, headers=headers) as response:
                answer = await response.read()
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise BackendUnavailable(repr(error), may_have_acted=False) from error
        except aiohttp.ClientError as error:
            raise BackendUnavailable(repr(error), may_have_acted=True) from error
        if response.ok:
            return answer
        try:
            said = schemas.ErrorAnswer.model_validate_json(answer).error
        except ValidationError as error:
            raise BackendUnavailable(f"HTTP {response.status}", may_have_acted=True) from error
        raise BackendRefusal(response.status, said.code, said.facts, said.request_id)


def new_session() -> aiohttp.ClientSession:
    """A session for a BackendClient: no cookies; the deadline of a call is the client's."""
    return aiohttp.ClientSession(
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS),
    )


@asynccontextmanager
async def at_most(seconds: float) -> AsyncIterator[None]:
    """BackendUnavailable when the block takes longer."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError as error:
        raise BackendUnavailable(f"no answer in {seconds:g} s", may_have_acted=True) from error


def in_address(asked: BaseModel) -> str:
    """A query as the end of an address: "?month=2026-11"."""
    return "?" + urlencode(asked.model_dump(mode="json", exclude_none=True), doseq=True)


def read(model: type[Answer], body: bytes) -> Answer:
    """The answer's body as its model; BackendUnavailable for another backend's words."""
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        raise BackendUnavailable(f"unreadable {model.__name__}", may_have_acted=True) from error
