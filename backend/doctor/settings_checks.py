"""The check of settings that are valid one by one and do not fit together."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from backend.doctor.finding import Finding, Findings, new_finding
from backend.schemas import THIS_MACHINE, webhook_url_problem
from backend.settings import Settings, TelegramSettings


async def check_settings(chosen: Settings) -> Findings:
    """Check what can be checked without any connection."""
    yield new_finding("settings.complete", mode="live" if chosen.livemode else "test")
    public = urlsplit(chosen.public_url).hostname not in THIS_MACHINE
    if chosen.metrics_token is None and chosen.https:
        yield new_finding("settings.metrics_closed")
    elif chosen.metrics_token is None and public:
        yield new_finding("settings.metrics_open")
    for finding in check_webhook_url(TelegramSettings()):
        yield finding
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


def check_webhook_url(telegram: TelegramSettings) -> Iterator[Finding]:
    """Whether Telegram would post to TELEGRAM_WEBHOOK_URL, where there is one."""
    url = telegram.telegram_webhook_url
    problem = webhook_url_problem(url, telegram.telegram_api_base) if url else None
    if problem:
        yield new_finding("settings.wrong", problem=f"TELEGRAM_WEBHOOK_URL: {problem}")
