"""The checks of Stripe: key, permissions, clock, webhook endpoint, customer portal."""

import asyncio
from collections.abc import Iterator

from backend.doctor.finding import Finding, Findings, new_finding
from backend.failures import StripeRefused, StripeUnavailable
from backend.opening import open_stripe
from backend.settings import Settings
from backend.stripe.client import API_VERSION, StripeGateway
from backend.stripe.errors import is_key_error
from backend.stripe.events import EVENT_TYPES, release_of
from backend.stripe.parsers.webhook_endpoints import WebhookEndpoint
from backend.stripe.permissions import PERMISSIONS, Permission
from backend.stripe.webhooks import TOLERANCE_SECONDS

WEBHOOK_PATH = "/api/payments/webhook"
NOT_PERMITTED = "403"  # the key is valid, and lacks the permission


async def check_stripe(chosen: Settings) -> Findings:
    """Check the key, its permissions, the clock and the webhook endpoint.

    Raises StripeUnavailable.
    """
    async with open_stripe(chosen) as stripe:
        ahead = None
        try:
            ahead = await stripe.clock_offset()
        except StripeRefused as refused:
            if refused.details["stripe_status"] != NOT_PERMITTED:
                yield new_finding("stripe.refuses", reason=reason(refused))
                return
        restricted = chosen.stripe_secret_key.get_secret_value().startswith("rk_")
        yield new_finding("stripe.answers", kind="a restricted" if restricted else "a secret")
        for finding in [*await permission_findings(stripe), *await portal_findings(stripe)]:
            yield finding
        if ahead is None:
            return
        clock = "clock.wrong" if abs(ahead) > TOLERANCE_SECONDS / 2 else "clock.right"
        yield new_finding(clock, ahead=ahead, tolerance=TOLERANCE_SECONDS)
        url = chosen.public_url + WEBHOOK_PATH
        for finding in await webhook_findings(stripe, url, chosen.livemode):
            yield finding


async def webhook_findings(stripe: StripeGateway, url: str, livemode: bool) -> list[Finding]:
    """Check that Stripe sends its events to `url`, with their objects. Raises StripeUnavailable."""
    try:
        endpoints = await stripe.list_webhook_endpoints()
    except StripeRefused as refused:
        return [new_finding("webhook.not_readable", url=url, reason=reason(refused))]
    findings: list[Finding] = []
    ours = [endpoint for endpoint in endpoints if endpoint.url == url]
    if not ours:
        findings.append(new_finding("webhook.none_live" if livemode else "webhook.none", url=url))
    for endpoint in ours:
        findings += endpoint_findings(endpoint)
    for destination in await stripe.list_thin_destinations(url):
        findings.append(new_finding("webhook.thin", id=destination, ours=API_VERSION))
    return findings


async def permission_findings(stripe: StripeGateway) -> list[Finding]:
    """Report each permission that the key lacks, with its row in the form of restricted keys."""
    answers = await asyncio.gather(
        *(check_permission(stripe, permission) for permission in PERMISSIONS)
    )
    findings = [
        new_finding(
            message, row=permission.name, level=permission.level.title(), why=permission.why
        )
        for permission, message in zip(PERMISSIONS, answers, strict=True)
        if message
    ]
    return findings or [new_finding("permission.all_there", number=len(PERMISSIONS))]


async def check_permission(stripe: StripeGateway, permission: Permission) -> str | None:
    """Return the finding's name for one permission; None if the key has it."""
    try:
        return None if await stripe.has_permission(permission) else "permission.lacking"
    except StripeUnavailable:
        return "permission.not_known"


async def portal_findings(stripe: StripeGateway) -> list[Finding]:
    """Report if the customer portal's settings were never saved: Stripe opens none without them.

    Or if they let the organization's admins store details of their own, which the others see.
    """
    try:
        settings = await stripe.get_portal_settings()
        if settings is None:
            return [new_finding("portal.not_set_up")]
        if details := settings.shared_details:
            return [new_finding("portal.shares_details", details=", ".join(details))]
    except (StripeRefused, StripeUnavailable) as failure:
        if not is_key_error(failure.__cause__):  # `permission_findings` has reported that
            return [new_finding("portal.not_known", reason=reason(failure))]
    return []


def reason(failure: StripeRefused | StripeUnavailable) -> str:
    """Return Stripe's code and message, and what finds the request in its dashboard."""
    details = failure.details
    parts = [failure.facts.get("stripe_code", failure.code), details.get("stripe_message", "")]
    labels = {"parameter": "stripe_param", "request": "stripe_request_id", "see": "stripe_doc_url"}
    parts += [f"{name} {details[key]}" for name, key in labels.items() if key in details]
    return ", ".join(part for part in parts if part)


def endpoint_findings(endpoint: WebhookEndpoint) -> Iterator[Finding]:
    """Check that an endpoint is enabled, sends every event we handle, and in our API version."""
    id, version = endpoint.id, endpoint.api_version or "the account's default version"
    if endpoint.status != "enabled":
        yield new_finding("webhook.off", id=id, status=endpoint.status)
    missing = sorted(EVENT_TYPES.keys() - set(endpoint.enabled_events))
    if missing and "*" not in endpoint.enabled_events:
        yield new_finding("webhook.lacks", id=id, events=", ".join(missing))
    same = release_of(version) == release_of(API_VERSION)
    verdict = "webhook.right" if same else "webhook.of_another_version"
    yield new_finding(verdict, id=id, version=version, ours=API_VERSION)
