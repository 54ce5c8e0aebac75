"""Settings that are valid each by itself and still do not go together."""

from urllib.parse import urlsplit

from backend.doctor.finding import Finding, Findings
from backend.settings import Settings

THIS_MACHINE = ("127.0.0.1", "localhost", "::1")


async def settings(chosen: Settings) -> Findings:
    """What can be said without asking anybody."""
    mode = "live" if chosen.livemode else "test"
    public = urlsplit(chosen.public_url).hostname not in THIS_MACHINE
    yield Finding("ok", "settings", f"complete, for Stripe's {mode} mode")
    if public and chosen.metrics_token is None:
        yield Finding(
            "warning", "settings", "METRICS_TOKEN is not set: whatever reaches this machine's"
            " loopback, such as a proxy that adds no X-Forwarded-For, may read /metrics",
            "Set METRICS_TOKEN.",
        )  # fmt: skip
    if chosen.livemode and chosen.stripe_secret_key.get_secret_value().startswith("sk_"):
        yield Finding(
            "warning", "settings", "STRIPE_SECRET_KEY may do everything in your account",
            "Make a restricted key (rk_live_...): write Checkout Sessions, read Events and Webhook"
            " Endpoints.",
        )  # fmt: skip
