"""The customer portal: a customer removes cards, makes one the default, ends a subscription."""

from copy import deepcopy
from typing import Literal

from sandbox.refusals import Refusal, not_modelled
from sandbox.store import Json
from sandbox.stripe.customers import set_default_payment_method
from sandbox.stripe.local_stripe import LocalStripe
from sandbox.stripe.objects import TEMPLATES, list_object, new
from sandbox.stripe.parameters import Limit, Text, Url
from sandbox.stripe.payment_methods import detach
from sandbox.stripe.renewals import RENEWED
from sandbox.stripe.subscriptions import set_end


def list_portal_configurations(
    stripe: LocalStripe,
    *,
    active: Literal["true", "false"] | None = None,
    is_default: Literal["true", "false"] | None = None,
    limit: Limit = 10,
) -> Json:
    """Answer GET /v1/billing_portal/configurations: the default one, once its settings were saved.

    https://docs.stripe.com/api/customer_portal/configurations/list
    """
    is_saved = not stripe.faults.portal_unsaved
    is_listed = is_saved and "false" not in (active, is_default)
    settings = deepcopy(TEMPLATES["billing_portal.configuration"])
    updates = stripe.faults.portal_updates
    settings["features"]["customer_update"] = {"allowed_updates": updates, "enabled": bool(updates)}
    configurations = [settings] if is_listed else []
    return list_object(configurations, "/v1/billing_portal/configurations", limit)


def create_portal(stripe: LocalStripe, *, customer: Text, return_url: Url | None = None) -> Json:
    """Answer POST /v1/billing_portal/sessions.

    https://docs.stripe.com/api/customer_portal/sessions/create. Raises Refusal (400) where the
    settings were never saved.
    """
    stripe.referenced("customer", customer, "customer")
    if stripe.faults.portal_unsaved:
        raise Refusal(
            400,
            "No configuration provided and your test mode default configuration has not been"
            " created. Provide a configuration or create your default by saving your customer"
            " portal settings in test mode at"
            " https://dashboard.stripe.com/test/settings/billing/portal.",
            param="configuration",
        )
    if return_url is None:
        raise not_modelled("this call without the parameter return_url")
    portal = new("billing_portal.session", customer=customer, return_url=return_url)
    portal["url"] = f"{stripe.settings.url}/portal/{portal['id']}"
    stripe.keep(portal)
    return portal


async def get_portal(stripe: LocalStripe, id: str) -> Json:
    """Return what the portal's page shows.

    That is `{"return_url", "customer", "cards", "subscriptions"}`, both lists newest first. Of a
    card it shows no details of whoever saved it.
    """
    portal = stripe.stored("billing_portal.session", id)
    customer = stripe.stored("customer", portal["customer"])
    cards = stripe.newest("payment_method", customer=customer["id"])
    subscriptions = stripe.newest("subscription", customer=customer["id"])
    return {
        "return_url": portal["return_url"],
        "customer": customer,
        "cards": [
            {name: value for name, value in card.items() if name != "billing_details"}
            for card in cards
        ],
        "subscriptions": [each for each in subscriptions if each["status"] in RENEWED],
    }


async def use_portal(
    stripe: LocalStripe,
    id: str,
    act: Literal["remove", "default", "end", "keep"],
    card: str = "",
    subscription: str = "",
) -> Json:
    """Press one of the portal's buttons; return what the page shows then.

    The first two are for a card, the others for a subscription (their ids): it ends with its
    period, or goes on.
    """
    customer_id = stripe.stored("billing_portal.session", id)["customer"]
    match act:
        case "default":
            set_default_payment_method(stripe, stripe.stored("customer", customer_id), card)
        case "remove":
            detach(stripe, card)
        case "end" | "keep":
            changed = stripe.stored("subscription", subscription)
            set_end(stripe, changed, act == "end", flexible=True)
            stripe.changed(changed, "customer.subscription.updated")
    return await get_portal(stripe, id)
