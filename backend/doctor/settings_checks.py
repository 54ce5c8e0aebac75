"""Settings that are valid each by itself and still do not go together."""

from urllib.parse import urlsplit

from backend.doctor.finding import Finding, Findings, Patient

THIS_MACHINE = ("127.0.0.1", "localhost", "::1")


async def settings(patient: Patient) -> Findings:
    """What can be said without asking anybody."""
    chosen = patient.settings
    mode = "live" if chosen.livemode else "test"
    address = urlsplit(chosen.public_url)
    public = address.hostname not in THIS_MACHINE
    yield Finding("ok", "settings", f"complete, for Stripe's {mode} mode")
    if chosen.livemode and not (public and address.scheme == "https"):
        yield Finding(
            "error", "settings", "PUBLIC_URL is where payers come back to, and it is not https",
            "Set PUBLIC_URL to the backend's public https address.",
        )  # fmt: skip
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
