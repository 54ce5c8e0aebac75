"""Stripe: whether it knows our key, tells us everything, and agrees on what time it is."""

from collections.abc import Iterator
from typing import Any

from backend.doctor.finding import Finding, Findings
from backend.failures import StripeRefused
from backend.opening import open_stripe
from backend.settings import Settings
from backend.stripe_gateway import API_VERSION, TOLERANCE_SECONDS
from backend.webhooks import MEANINGS

Json = dict[str, Any]

DOOR = "/api/payments/webhook"


async def stripe_account(chosen: Settings) -> Findings:
    """The key, the clock, the webhook endpoint; raises StripeUnavailable."""
    async with open_stripe(chosen) as stripe:
        try:
            ahead = await stripe.clock_ahead()
        except StripeRefused as refused:
            yield Finding(
                "error", "stripe", f"Stripe refuses the key: {refused.facts['stripe_code']}",
                "Copy STRIPE_SECRET_KEY again; a restricted key must be allowed to read Events.",
            )  # fmt: skip
            return
        restricted = chosen.stripe_secret_key.get_secret_value().startswith("rk_")
        kind = "a restricted" if restricted else "a secret"
        yield Finding("ok", "stripe", f"Stripe answers and knows the key, {kind} key")
        off = abs(ahead) > TOLERANCE_SECONDS / 2
        yield Finding(
            "error" if off else "ok", "clock", f"Stripe's clock is {ahead:+.0f} s from ours",
            f"Set this machine's clock (NTP): from {TOLERANCE_SECONDS} s on, every webhook is"
            " refused." if off else "",
        )  # fmt: skip
        url = chosen.public_url + DOOR
        try:
            endpoints = await stripe.webhook_endpoints()
        except StripeRefused:
            yield Finding(
                "warning", "webhook", "the key may not read webhook endpoints",
                f"Allow it, or look yourself whether one has the address {url}.",
            )  # fmt: skip
            return
        ours = [endpoint for endpoint in endpoints if endpoint["url"] == url]
        if not ours:
            yield Finding(
                "error" if chosen.livemode else "warning", "webhook", f"no endpoint at {url}",
                "Add it in Stripe's dashboard; while `stripe listen` forwards to you, none is"
                " needed.",
            )  # fmt: skip
        for endpoint in ours:
            for finding in endpoint_findings(endpoint):
                yield finding


def endpoint_findings(endpoint: Json) -> Iterator[Finding]:
    """Whether this endpoint tells us all we listen to, in the form that we read."""
    change = "Change it under Webhooks in Stripe's dashboard."
    name = f"endpoint {endpoint['id']}"
    if endpoint["status"] != "enabled":
        yield Finding("error", "webhook", f"{name} is {endpoint['status']}", change)
    if "*" not in endpoint["enabled_events"]:
        missing = sorted(MEANINGS.keys() - set(endpoint["enabled_events"]))
        if missing:
            yield Finding("error", "webhook", f"{name} lacks {', '.join(missing)}", change)
    if endpoint["api_version"] != API_VERSION:
        said = endpoint["api_version"] or "the account's default version"
        yield Finding(
            "warning", "webhook", f"{name} speaks {said}, we {API_VERSION}",
            f"Make a new endpoint with the version {API_VERSION}; it cannot be changed later.",
        )  # fmt: skip
    else:
        yield Finding("ok", "webhook", f"{name} speaks our version, {API_VERSION}")
