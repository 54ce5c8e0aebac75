"""Authentication: a Supabase user, the bot for a Telegram user, or the bot itself.

The token's `iss` chooses the verifier, by exact comparison; no verifier sees another issuer's
tokens.
"""

from collections.abc import Sequence
from typing import Final, Protocol
from uuid import UUID

import jwt
from aiohttp import web
from aiohttp.typedefs import Handler

from backend import schemas
from backend.database.protocol import Person, SupabaseUser, TelegramUser
from backend.errors import AnonymousNotAllowed, Unauthorized
from backend.http.requests import SERVICES, SETTINGS
from backend.organizations import people

CLOCK_SKEW_SECONDS = 5


class SupabaseTokens(Protocol):
    """A verifier of the tokens of a Supabase project's users: `supabase_auth.SupabaseAuth`."""

    @property
    def issuers(self) -> Sequence[str]:
        """Return the values of `iss` that it verifies tokens of."""

    async def claims(self, token: str) -> schemas.Json:
        """Return a token's claims. Raises Unauthorized, SupabaseUnavailable."""


SUPABASE_AUTH = web.AppKey[SupabaseTokens | None]("supabase_auth")
# Supabase users who have a row, so that each process registers one only once.
REGISTERED_USERS = web.AppKey("registered_users", set[UUID])
MAX_REGISTERED_USERS = 100_000
MAX_LOGGED_ISSUER = 200
OTHER_SIGNATURE: Final = (
    "This token was signed with another BOT_API_SECRET than the backend's: bot and backend need"
    " the same."
)
CALLER = web.RequestKey[Person]("caller")


@web.middleware
async def authenticate(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Set CALLER on requests below /api/ that have an Authorization header.

    Raises Unauthorized for a token that is not valid, also where the route needs none, and
    SupabaseUnavailable. Whether there must be one is the route's to decide (`acting_user`).
    """
    if request.path.startswith("/api/") and "Authorization" in request.headers:
        token = bearer(request)
        supabase = request.app[SUPABASE_AUTH]
        issuer = issuer_of(token)
        if issuer == schemas.BOT_ISSUER:
            request[CALLER] = telegram_user(
                verify_bot_token(request, token, schemas.ACTOR_AUDIENCE)
            )
        elif supabase and issuer in supabase.issuers:
            request[CALLER] = await supabase_user(request, await supabase.claims(token))
        else:
            raise unknown_issuer(issuer)
    try:
        return await handler(request)
    except Unauthorized:
        # The database does not know a caller whose row was erased since: register them anew.
        if isinstance(caller := request.get(CALLER), SupabaseUser):
            request.app[REGISTERED_USERS].discard(caller.auth_user_id)
        raise


def acting_user(request: web.Request) -> Person:
    """Return the person who makes the request. Raises Unauthorized."""
    if CALLER not in request:
        raise Unauthorized
    return request[CALLER]


def require_bot(request: web.Request) -> None:
    """Require the bot's service token, which only /internal accepts. Raises Unauthorized."""
    verify_bot_token(request, bearer(request), schemas.SERVICE_AUDIENCE)


def bearer(request: web.Request) -> str:
    """Return the bearer token of a request, not verified. Raises Unauthorized if there is none."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.isascii():
        raise Unauthorized
    return token


def telegram_user(claims: schemas.Json) -> TelegramUser:
    """Return the Telegram user of verified claims. Raises Unauthorized unless `sub` is an id.

    Telegram's ids have at most 52 significant bits: https://core.telegram.org/bots/api#user
    """
    subject = claims["sub"]
    if not (subject.isascii() and subject.isdigit() and len(subject) <= 16):
        raise Unauthorized
    return TelegramUser(int(subject))


async def supabase_user(request: web.Request, claims: schemas.Json) -> SupabaseUser:
    """Return the Supabase user of verified claims, registered at their first call.

    Raises Unauthorized unless `sub` is a UUID, AnonymousNotAllowed, PersonBlocked.
    """
    try:
        user = SupabaseUser(
            UUID(claims["sub"]),
            is_anonymous=claims.get("is_anonymous") is True,
            level="aal2" if claims.get("aal") == "aal2" else "aal1",
        )
    except ValueError as error:
        raise Unauthorized from error
    settings = request.app[SETTINGS]
    if user.is_anonymous and settings.supabase_anonymous_users == "off":
        raise AnonymousNotAllowed
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
    """Return the claims of a token that the bot signed for `audience`. Raises Unauthorized.

    A token that lives longer than TOKEN_LIFETIME_SECONDS is refused: it was not made by our bot.
    """
    secret = request.app[SETTINGS].bot_api_secret.get_secret_value()
    try:
        claims = verify_token(token, secret, "HS256", audience=audience, issuer=schemas.BOT_ISSUER)
    except Unauthorized as error:
        if isinstance(error.__cause__, jwt.InvalidSignatureError):
            raise Unauthorized(OTHER_SIGNATURE) from None
        raise
    if claims["exp"] - claims["iat"] > schemas.TOKEN_LIFETIME_SECONDS:
        raise Unauthorized("The token lives longer than a minute.")
    return claims


def issuer_of(token: str) -> object:
    """Return the issuer that a token names, which is not proved yet. Raises Unauthorized."""
    try:
        return jwt.decode(token, options={"verify_signature": False}).get("iss")
    except (jwt.InvalidTokenError, RecursionError) as error:
        raise Unauthorized from error


def verify_token(
    token: str, key: str | jwt.PyJWK, algorithm: str, *, audience: str, issuer: str | Sequence[str]
) -> schemas.Json:
    """Return the claims of a token that `key` signed for `audience` and that is valid now.

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
    except (jwt.InvalidTokenError, OverflowError) as error:
        raise Unauthorized from error
    if not all(is_number_of_seconds(claims[name]) for name in ("iat", "exp")):
        raise Unauthorized("The claims iat and exp are numbers of seconds.")
    return claims


def is_number_of_seconds(value: object) -> bool:
    """Return whether a claim is a NumericDate: https://www.rfc-editor.org/rfc/rfc7519#section-2."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def unknown_issuer(issuer: object) -> Unauthorized:
    """Return the refusal of a token whose issuer nobody set; the log has what it names."""
    error = Unauthorized("This token was issued by somebody who is not known here.")
    error.details = {"issuer": str(issuer)[:MAX_LOGGED_ISSUER], "help": "see SUPABASE_JWT_ISSUERS"}
    return error
