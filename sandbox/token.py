"""A bearer token for one of the sandbox's people, as the bot would sign it."""

import time

import jwt

from backend.schemas import ACTOR_AUDIENCE, BOT_ISSUER, TOKEN_LIFETIME_SECONDS
from sandbox.personas import PERSONAS

ROLES = tuple(persona.role for persona in PERSONAS)


def token_of(role: str, bot_api_secret: str) -> str:
    """The actor token (HS256, 60 seconds) of the persona in that role: owner, member, stranger."""
    person = next(persona for persona in PERSONAS if persona.role == role)
    now = int(time.time())
    claims = {
        "iss": BOT_ISSUER,
        "aud": ACTOR_AUDIENCE,
        "sub": str(person.user_id),
        "iat": now,
        "exp": now + TOKEN_LIFETIME_SECONDS,
    }
    return jwt.encode(claims, bot_api_secret, algorithm="HS256")
