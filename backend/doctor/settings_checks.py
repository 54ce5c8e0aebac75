"""The check of settings that are valid one by one and do not fit together."""

from urllib.parse import urlsplit

from backend.doctor.finding import Findings, new_finding
from backend.settings import Settings

THIS_MACHINE = ("127.0.0.1", "localhost", "::1")


async def check_settings(chosen: Settings) -> Findings:
    """Check what can be checked without any connection."""
    yield new_finding("settings.complete", mode="live" if chosen.livemode else "test")
    public = urlsplit(chosen.public_url).hostname not in THIS_MACHINE
    if public and chosen.metrics_token is None:
        yield new_finding("settings.metrics_open")
    if chosen.livemode and chosen.stripe_secret_key.get_secret_value().startswith("sk_"):
        yield new_finding("settings.key_may_do_everything")
