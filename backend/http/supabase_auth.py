"""Verification of access tokens of one Supabase project's users.

They are signed with the project's secret (HS256), or with a key that it publishes (ES256, RS256).
Which algorithm is accepted depends on the key and never on the token, so that a public key cannot
be used as a secret. https://supabase.com/docs/guides/auth/jwts
"""

import asyncio
import time

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
PUBLISHED = ("ES256", "RS256")
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

    def __init__(self, project: str, secret: str | None) -> None:
        """`project` is its address.

        A `secret` that is a JWK is a signing key and verifies no HS256 token.
        """
        self.issuer = f"{project}/auth/v1"
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
            if header.get("alg") == "HS256":
                key, algorithm = self._secret, "HS256"
            elif header.get("alg") in PUBLISHED and (key := await self._key(header.get("kid", ""))):
                algorithm = key.algorithm_name
            if key is None:
                raise Unauthorized
            claims = verify_token(token, key, algorithm, audience=AUDIENCE, issuer=self.issuer)
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
            keys = jwt.PyJWKSet(published).keys if published else []
        except (*NO_ANSWER, jwt.PyJWTError, ValidationError):
            self._is_reachable = False
            log.warning("supabase_keys_unavailable", url=url)
            return
        self._is_reachable = True
        self._keys = {}
        for key in keys:
            if key.key_id and key.algorithm_name in PUBLISHED:
                self._keys[key.key_id] = key
