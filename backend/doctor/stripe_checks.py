"""Stripe: whether it knows our key, tells us everything, and agrees on what time it is."""

from collections.abc import Iterator

from backend.doctor.finding import Finding, Findings, found
from backend.failures import StripeRefused
from backend.opening import open_stripe
from backend.schemas import Json
from backend.settings import Settings
from backend.stripe_gateway import API_VERSION, TOLERANCE_SECONDS
from backend.webhooks import MEANINGS

DOOR = "/api/payments/webhook"


async def stripe_account(chosen: Settings) -> Findings:
    """The key, the clock, the webhook endpoint; raises StripeUnavailable."""
    async with open_stripe(chosen) as stripe:
        try:
            ahead = await stripe.clock_ahead()
        except StripeRefused as refused:
            yield found("stripe.refuses", code=refused.facts["stripe_code"])
            return
        restricted = chosen.stripe_secret_key.get_secret_value().startswith("rk_")
        yield found("stripe.answers", kind="a restricted" if restricted else "a secret")
        clock = "clock.wrong" if abs(ahead) > TOLERANCE_SECONDS / 2 else "clock.right"
        yield found(clock, ahead=ahead, tolerance=TOLERANCE_SECONDS)
        url = chosen.public_url + DOOR
        try:
            endpoints = await stripe.webhook_endpoints()
        except StripeRefused:
            yield found("webhook.not_readable", url=url)
            return
        ours = [endpoint for endpoint in endpoints if endpoint["url"] == url]
        if not ours:
            yield found("webhook.none_live" if chosen.livemode else "webhook.none", url=url)
        for endpoint in ours:
            for finding in endpoint_findings(endpoint):
                yield finding


def endpoint_findings(endpoint: Json) -> Iterator[Finding]:
    """Whether this endpoint tells us all we listen to, in the form that we read."""
    id, version = endpoint["id"], endpoint["api_version"] or "the account's default version"
    if endpoint["status"] != "enabled":
        yield found("webhook.off", id=id, status=endpoint["status"])
    missing = sorted(MEANINGS.keys() - set(endpoint["enabled_events"]))
    if missing and "*" not in endpoint["enabled_events"]:
        yield found("webhook.lacks", id=id, events=", ".join(missing))
    verdict = "webhook.right" if version == API_VERSION else "webhook.of_another_version"
    yield found(verdict, id=id, version=version, ours=API_VERSION)
