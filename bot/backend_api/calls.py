"""How the bot speaks HTTP to the backend: tokens, deadlines, tries, and what can go wrong."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final, Generic, Protocol, TypeVar
from urllib.parse import urlencode
from uuid import UUID

import aiohttp
import jwt
from pydantic import BaseModel, SecretStr, ValidationError

from backend import schemas

Answer = TypeVar("Answer", bound=BaseModel)
Given = TypeVar("Given", bound=BaseModel, covariant=True)

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


class Done(BaseModel):
    """An answer of which nothing is read, or none."""


class Asking(Protocol[Given]):
    """A door as a method: for which user, and what it takes; answers what it gives."""

    async def __call__(self, user: int, *said: UUID | int | BaseModel | str) -> Given:
        """Raises BackendRefusal or BackendUnavailable."""


class Door(Generic[Answer]):
    """One of the backend's doors for people, as a method of who makes BackendCalls.

    Of what it is called with, ids fill the places of the path in their order; a model is the JSON
    body or, of a GET, what stands after `?`; and a text is the key by which it acts once.
    """

    def __init__(self, method: str, path: str, gives: type[Answer]) -> None:
        """`path` has a `{}` for each id."""
        self._method, self._path, self._gives = method, path, gives

    def __get__(self, backend: BackendCalls, _owner: object) -> Asking[Answer]:
        """The method."""

        async def ask(user: int, *said: UUID | int | BaseModel | str) -> Answer:
            path = self._path.format(*(id for id in said if isinstance(id, UUID | int)))
            body = next((model for model in said if isinstance(model, BaseModel)), None)
            key = "".join(text for text in said if isinstance(text, str))
            if body and self._method == "GET":
                path, body = path + in_address(body), None
            return read(self._gives, await backend.call(user, self._method, path, body, key))

        return ask


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
        return model.model_validate_json(body or b"{}")
    except ValidationError as error:
        raise BackendUnavailable(f"unreadable {model.__name__}", may_have_acted=True) from error
