"""Bearer tokens of the sandbox's people, signed as Supabase Auth signs them."""

import time
from collections.abc import Mapping

from sandbox.personas import PERSONAS

ROLES = tuple(dict.fromkeys(persona.role for persona in PERSONAS))
WHO = (*ROLES, *(persona.key for persona in PERSONAS))


def token_of(who: str, environment: Mapping[str, str]) -> str:
    """Return an access token (HS256, valid for an hour) of a persona, by their key or first role.

    `environment` has SUPABASE_URL and SUPABASE_JWT_SECRET.
    """
    import jwt  # with what it needs it takes longer to load than most of the sandbox

    person = next(persona for persona in PERSONAS if who in (persona.key, persona.role))
    now = int(time.time())
    claims = {
        "iss": f"{environment['SUPABASE_URL'].rstrip('/')}/auth/v1",
        "aud": "authenticated",
        "role": "authenticated",
        "sub": f"00000000-0000-4000-8000-{person.user_id:012}",  # as in seed.sql
        "iat": now,
        "exp": now + 3600,
    }
    return jwt.encode(claims, environment["SUPABASE_JWT_SECRET"], algorithm="HS256")
