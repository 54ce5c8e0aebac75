"""Verification of access tokens of one Supabase project's users.

They are signed with the project's secret (HS256), or with a key that it publishes.
Which algorithm is accepted depends on the key and never on the token, so that a public key cannot
be used as a secret. https://supabase.com/docs/guides/auth/jwts
"""

import asyncio
import re
import time
from collections.abc import Sequence

import aiohttp
import jwt
import structlog
from pydantic import BaseModel, ValidationError

from backend.errors import Unauthorized
from backend.failures import SupabaseUnavailable
from backend.http.authentication import verify_token
from backend.schemas import Json

log = structlog.get_logger(__name__)

AUDIENCE = ROLE = "authenticated"
# Of published keys, which are never secrets: https://www.rfc-editor.org/rfc/rfc7518#section-3.1
ASYMMETRIC = (
    *("ES256", "ES384", "ES512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    "EdDSA",
)
ALGORITHM_NAME = re.compile(r"[A-Za-z0-9-]{1,20}")
# As long as Supabase's edge caches them: https://supabase.com/docs/guides/auth/signing-keys
FRESH_SECONDS = 600
REFETCH_SECONDS = 60  # at least between two fetches, however many tokens name unknown keys
ANSWER = aiohttp.ClientTimeout(total=3)
NO_ANSWER = (aiohttp.ClientError, TimeoutError)


class PublishedKeys(BaseModel):
    """A JSON Web Key Set: https://www.rfc-editor.org/rfc/rfc7517#section-5."""

    keys: list[Json]


class SupabaseAuth:
    """A verifier for the tokens of one project, with a cache of its published keys."""

    def __init__(self, project: str, secret: str | None, issuers: Sequence[str] = ()) -> None:
        """`project` is its address; `issuers` are what tokens may name, else the project's own.

        A self-hosted project names its API_EXTERNAL_URL there, one with a custom domain either. A
        `secret` that is a JWK is a signing key and verifies no HS256 token.
        """
        self.issuer = f"{project}/auth/v1"
        self.issuers = tuple(issuers) or (self.issuer,)
        self._secret = None if secret and secret.lstrip().startswith("{") else secret
        self._keys: dict[str, jwt.PyJWK] = {}
        self._fetched_at = float("-inf")
        self._is_reachable = False
        self._fetch_lock = asyncio.Lock()

    async def claims(self, token: str) -> Json:
        """Return the claims of a user's token. Raises Unauthorized, SupabaseUnavailable."""
        try:
            header = jwt.get_unverified_header(token)
            key: str | jwt.PyJWK | None = None
            algorithm = str(header.get("alg"))
            if algorithm == "HS256":
                key = self._secret
            elif algorithm not in ASYMMETRIC:
                raise Unauthorized(algorithm_refusal(algorithm))
            elif key := await self._key(header.get("kid", "")):
                algorithm = key.algorithm_name
            if key is None:
                raise Unauthorized
            claims = verify_token(token, key, algorithm, audience=AUDIENCE, issuer=self.issuers)
        except jwt.InvalidTokenError as error:
            raise Unauthorized from error
        if claims.get("role") != ROLE:
            raise Unauthorized
        return claims

    async def _key(self, name: str) -> jwt.PyJWK | None:
        """Return the published key of a `kid`; None if the project has none of that name.

        A cached key stays valid while the project does not answer. Raises SupabaseUnavailable where
        it is not cached and the keys cannot be fetched.
        """
        async with self._fetch_lock:
            good_for = FRESH_SECONDS if name in self._keys else REFETCH_SECONDS
            if time.monotonic() - self._fetched_at > good_for:
                await self._fetch_keys()
        if name not in self._keys and not self._is_reachable:
            raise SupabaseUnavailable
        return self._keys.get(name)

    async def _fetch_keys(self) -> None:
        self._fetched_at = time.monotonic()
        url = f"{self.issuer}/.well-known/jwks.json"
        try:
            async with (
                aiohttp.ClientSession(timeout=ANSWER, raise_for_status=True) as http,
                http.get(url, allow_redirects=False) as answer,
            ):
                published = PublishedKeys.model_validate_json(await answer.read()).keys
        except (*NO_ANSWER, ValidationError):
            self._is_reachable = False
            log.warning("supabase_keys_unavailable", url=url)
            return
        self._is_reachable = True
        self._keys = {}
        for key in map(public_key, published):
            if key and key.key_id:
                self._keys[key.key_id] = key


def public_key(published: Json) -> jwt.PyJWK | None:
    """Return a published key; None for one that cannot be used here, which the log names."""
    try:
        key = jwt.PyJWK(published)
        if key.algorithm_name in ASYMMETRIC:
            return key
    except jwt.PyJWTError:
        pass
    names = [str(published[name])[:20] for name in ("kty", "crv", "alg") if name in published]
    log.warning("supabase_key_unsupported", key=" ".join(names))
    return None


def algorithm_refusal(algorithm: str) -> str:
    """Say that tokens of this algorithm are not taken, and which are."""
    name = algorithm if ALGORITHM_NAME.fullmatch(algorithm) else "this algorithm"
    return f"Tokens signed with {name} are not taken here, but HS256, {', '.join(ASYMMETRIC)}."
