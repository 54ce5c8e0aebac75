"""The check of settings that are valid one by one and do not fit together."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from backend.doctor.finding import Finding, Findings, new_finding
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
    if chosen.supabase_service_role_key:
        yield new_finding("supabase.former_name")
    if chosen.supabase_db_url is None:
        for finding in check_keys_of_rest(chosen):
            yield finding


def check_keys_of_rest(chosen: Settings) -> Iterator[Finding]:
    """Report keys for Supabase's REST API that are of a kind which it retires."""
    key, signing_key = chosen.supabase_key, chosen.supabase_jwt_secret
    if key and not key.get_secret_value().startswith("sb_"):
        yield new_finding("supabase.legacy_key")
    if signing_key and not signing_key.get_secret_value().lstrip().startswith("{"):
        yield new_finding("supabase.shared_secret")
