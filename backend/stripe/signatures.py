"""Signatures of Stripe's webhooks: https://docs.stripe.com/webhooks/signature."""

import stripe

from backend.errors import InvalidSignature

TOLERANCE_SECONDS = 300  # https://docs.stripe.com/webhooks#replay-attacks


def verify_signature(raw: bytes, signature: str | None, secrets: tuple[str, ...]) -> None:
    """Raise InvalidSignature unless one of the secrets signed these bytes just now.

    Several secrets are valid while one is replaced. "Just now" is within TOLERANCE_SECONDS.
    """
    if signature is None or not signature.isascii():  # the SDK's comparison takes ASCII only
        raise InvalidSignature
    for secret in secrets:
        try:
            stripe.WebhookSignature.verify_header(
                raw, signature, secret, tolerance=TOLERANCE_SECONDS
            )
        except (stripe.SignatureVerificationError, UnicodeDecodeError):
            continue
        return
    raise InvalidSignature
