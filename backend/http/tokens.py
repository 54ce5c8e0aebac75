"""What a token says, and whether somebody's key proves it (https://www.rfc-editor.org/rfc/rfc7519)."""

import jwt

from backend.errors import Unauthorized
from backend.schemas import Json

CLOCK_SKEW_SECONDS = 5


def issuer_of(token: str) -> object:
    """Who the token says has issued it: a claim, to be proved by that one's key."""
    try:
        return jwt.decode(token, options={"verify_signature": False}).get("iss")
    except jwt.InvalidTokenError as error:
        raise Unauthorized from error


def verify_token(
    token: str, key: str | jwt.PyJWK, algorithm: str, *, audience: str, issuer: str
) -> Json:
    """The token's claims, if `key` signed it for `audience` and it is good now; or Unauthorized."""
    try:
        claims: Json = jwt.decode(
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
