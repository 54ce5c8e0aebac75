"""Who Supabase Auth says is calling: the access tokens of one project's users.

Signed with the project's secret (HS256), or with a key that it publishes (ES256, RS256). Which
algorithm a key takes is the key's to say and never the token's, so that a public key cannot be
passed off as a secret. https://supabase.com/docs/guides/auth/jwts
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
FRESH_SECONDS = 600  # Supabase's own edge keeps them as long
REFETCH_SECONDS = 60  # however many strangers name keys that nobody knows
ANSWER = aiohttp.ClientTimeout(total=3)
NO_ANSWER = (aiohttp.ClientError, TimeoutError)


class PublishedKeys(BaseModel):
    """A JSON Web Key Set: https://www.rfc-editor.org/rfc/rfc7517#section-5."""

    keys: list[Json]


class SupabaseAuth:
    """Verifies the tokens of one project; keeps its published keys."""

    def __init__(self, project: str, secret: str | None) -> None:
        """`project` is its address; a `secret` that is a JWK signs other things than people."""
        self.issuer = f"{project}/auth/v1"
        self._secret = None if secret and secret.lstrip().startswith("{") else secret
        self._keys: dict[str, jwt.PyJWK] = {}
        self._fetched_at = float("-inf")
        self._is_reachable = False
        self._fetch_lock = asyncio.Lock()

    async def claims(self, token: str) -> Json:
        """What a person's token says; raises Unauthorized and SupabaseUnavailable."""
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
        """The published key of that name; a key that was published stays good while nobody answers.

        Raises SupabaseUnavailable where it cannot be known.
        """
        async with self._fetch_lock:
            good_for = FRESH_SECONDS if name in self._keys else REFETCH_SECONDS
            if time.monotonic() - self._fetched_at > good_for:
                await self._ask()
        if name not in self._keys and not self._is_reachable:
            raise SupabaseUnavailable
        return self._keys.get(name)

    async def _ask(self) -> None:
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
        self._keys = {
            key.key_id: key for key in keys if key.key_id and key.algorithm_name in PUBLISHED
        }
