"""Who is calling: the bot speaking for a Telegram user, or the bot itself."""

from typing import Any

import jwt
from aiohttp import web

from backend.database import TelegramUser
from backend.errors import Unauthorized
from backend.schemas import (
    ACTOR_AUDIENCE,
    BOT_ISSUER,
    SERVICE_AUDIENCE,
    TOKEN_LIFETIME_SECONDS,
)

BOT_SECRET = web.AppKey("bot_secret", str)
CLOCK_SKEW_SECONDS = 5


def acting_user(request: web.Request) -> TelegramUser:
    """The person for whom the request is made; raises Unauthorized."""
    subject = verified(request, ACTOR_AUDIENCE)["sub"]
    # Telegram's ids fit in 52 bits: https://core.telegram.org/bots/api#user
    if not (subject.isascii() and subject.isdigit() and len(subject) <= 16):
        raise Unauthorized
    return TelegramUser(int(subject))


def require_bot(request: web.Request) -> None:
    """Only the bot's own service token opens /internal; raises Unauthorized."""
    verified(request, SERVICE_AUDIENCE)


def verified(request: web.Request, audience: str) -> dict[str, Any]:
    """The claims of the request's bearer token, if the bot signed it for `audience` just now."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        raise Unauthorized
    try:
        claims: dict[str, Any] = jwt.decode(
            token,
            request.app[BOT_SECRET],
            algorithms=["HS256"],
            audience=audience,
            issuer=BOT_ISSUER,
            leeway=CLOCK_SKEW_SECONDS,
            options={"require": ["exp", "iat", "sub", "aud", "iss"]},
        )
    except jwt.InvalidTokenError as error:
        raise Unauthorized from error
    if claims["exp"] - claims["iat"] > TOKEN_LIFETIME_SECONDS:
        raise Unauthorized("The token lives longer than a minute.")
    return claims
