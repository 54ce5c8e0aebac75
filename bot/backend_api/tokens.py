"""The bot's tokens for the backend, good for a minute: each names the Telegram user who acts."""

import time

import jwt
from pydantic import SecretStr

from backend import schemas


def new_token(secret: SecretStr, user: int | None) -> str:
    """Sign a token for this user's routes; without a user, for those of the bot itself."""
    now = int(time.time())
    claims = {
        "iss": schemas.BOT_ISSUER,
        "aud": schemas.ACTOR_AUDIENCE if user else schemas.SERVICE_AUDIENCE,
        "sub": str(user or "bot"),
        "iat": now,
        "exp": now + schemas.TOKEN_LIFETIME_SECONDS,
    }
    return jwt.encode(claims, secret.get_secret_value(), algorithm="HS256")
