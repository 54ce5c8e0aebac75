"""Who is calling: a Supabase user, the bot speaking for a Telegram user, or the bot itself.

The token's `iss`, exactly, chooses who verifies it; no verifier ever sees another's tokens.
"""

from typing import Protocol
from uuid import UUID

import jwt
from aiohttp import web
from aiohttp.typedefs import Handler

from backend import schemas
from backend.database.protocol import Person, SupabaseUser, TelegramUser
from backend.errors import Unauthorized
from backend.http.requests import SERVICES, SETTINGS
from backend.organizations import people

CLOCK_SKEW_SECONDS = 5


class SupabaseTokens(Protocol):
    """What verifies the tokens of a Supabase project's users: `supabase_auth.SupabaseAuth`."""

    issuer: str

    async def claims(self, token: str) -> schemas.Json:
        """Return what a token says; raise Unauthorized or SupabaseUnavailable."""


SUPABASE_AUTH = web.AppKey[SupabaseTokens | None]("supabase_auth")
REGISTERED_USERS = web.AppKey(
    "met", set[UUID]
)  # Supabase users whose row is there, to ask once a process
MAX_REGISTERED_USERS = 100_000
CALLER = web.RequestKey[Person]("caller")


@web.middleware
async def authenticate(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Before anything under /api/ is answered: whoever shows a token is known by it, or refused."""
    if request.path.startswith("/api/") and "Authorization" in request.headers:
        token = bearer(request)
        supabase = request.app[SUPABASE_AUTH]
        issuer = issuer_of(token)
        if issuer == schemas.BOT_ISSUER:
            request[CALLER] = telegram_user(
                verify_bot_token(request, token, schemas.ACTOR_AUDIENCE)
            )
        elif supabase and issuer == supabase.issuer:
            request[CALLER] = await supabase_user(request, await supabase.claims(token))
        else:
            raise Unauthorized("This token was issued by somebody who is not known here.")
    return await handler(request)


def acting_user(request: web.Request) -> Person:
    """The person for whom the request is made; raises Unauthorized."""
    if CALLER not in request:
        raise Unauthorized
    return request[CALLER]


def require_bot(request: web.Request) -> None:
    """Only the bot's own service token opens /internal; raises Unauthorized."""
    verify_bot_token(request, bearer(request), schemas.SERVICE_AUDIENCE)


def bearer(request: web.Request) -> str:
    """The token in the request's header, whatever it is worth."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.isascii():
        raise Unauthorized
    return token


def telegram_user(claims: schemas.Json) -> TelegramUser:
    """Telegram's ids fit in 52 bits: https://core.telegram.org/bots/api#user."""
    subject = claims["sub"]
    if not (subject.isascii() and subject.isdigit() and len(subject) <= 16):
        raise Unauthorized
    return TelegramUser(int(subject))


async def supabase_user(request: web.Request, claims: schemas.Json) -> SupabaseUser:
    """A Supabase user, made known to the database at their first call."""
    try:
        user = SupabaseUser(UUID(claims["sub"]))
    except ValueError as error:
        raise Unauthorized from error
    registered = request.app[REGISTERED_USERS]
    if user.auth_user_id not in registered:
        await people.ensure_supabase_user(
            request.app[SERVICES].database, user, claims.get("user_metadata")
        )
        if len(registered) >= MAX_REGISTERED_USERS:
            registered.clear()
        registered.add(user.auth_user_id)
    return user


def verify_bot_token(request: web.Request, token: str, audience: str) -> schemas.Json:
    """The token's claims, if the bot signed it for `audience` just now."""
    secret = request.app[SETTINGS].bot_api_secret.get_secret_value()
    claims = verify_token(token, secret, "HS256", audience=audience, issuer=schemas.BOT_ISSUER)
    if claims["exp"] - claims["iat"] > schemas.TOKEN_LIFETIME_SECONDS:
        raise Unauthorized("The token lives longer than a minute.")
    return claims


def issuer_of(token: str) -> object:
    """Return who the token says has issued it: a claim, to be proved by that one's key."""
    try:
        return jwt.decode(token, options={"verify_signature": False}).get("iss")
    except jwt.InvalidTokenError as error:
        raise Unauthorized from error


def verify_token(
    token: str, key: str | jwt.PyJWK, algorithm: str, *, audience: str, issuer: str
) -> schemas.Json:
    """Return the token's claims if `key` signed it for `audience` and it is good now.

    Raises Unauthorized otherwise. https://www.rfc-editor.org/rfc/rfc7519
    """
    try:
        claims: schemas.Json = jwt.decode(
            token,
            key,
            algorithms=[algorithm],
            audience=audience,
            issuer=issuer,
            leeway=CLOCK_SKEW_SECONDS,
            options={"require": ["exp", "iat", "sub", "aud", "iss"]},
        )
    except jwt.InvalidTokenError as error:
        raise Unauthorized from error
    return claims
