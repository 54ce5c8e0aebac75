"""The pages to which Stripe sends people back, which show how their payment or card stands.

Anybody with the link can open one, so it names no person, organization or amount, and it changes
nothing at Stripe: it refetches one object, at most every three seconds.
"""

import asyncio
from contextlib import suppress
from html import escape
from pathlib import Path
from string import Template
from uuid import UUID

from aiohttp import web

from backend import page_texts
from backend.database.functions import payments as sql_payments, setup_links as sql_setup_links
from backend.errors import Failure, NotFound, PursebotError
from backend.http.requests import SERVICES, path_id
from backend.payment_methods import portal, setup_links
from backend.payments.settlement import refetch_if_due
from backend.services import Services
from backend.subscriptions import stripe_state

# The HTML pages of this folder, by file name.
PAGES = {
    path.name: Template(path.read_text("utf-8")) for path in Path(__file__).parent.glob("*.html")
}
PAGE_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'"
)
SUBSCRIPTION_PAGE_STATES = {"active": "succeeded", "incomplete": "pending", "canceled": "canceled"}
CHECK_EVERY_SECONDS = 3.0  # the interval of api.claim_payment_check and its like
STATE_POLLS, STATE_POLL_SECONDS = 6, 0.25


async def refetch_payment(services: Services, payment: UUID) -> bool:
    """Refetch a payment; where it was refetched just before, wait once for the next turn.

    Returns whether the row is current: just refetched, or succeeded. False where Stripe is not
    available: the webhook or the reconciler will bring it. Raises NotFound.
    """
    try:
        if await refetch_if_due(services, payment):
            return True
        row = await sql_payments.get_payment_for_service(services.database, payment_id=payment)
        if row.status == "succeeded":
            return True
        await asyncio.sleep(CHECK_EVERY_SECONDS)
        return await refetch_if_due(services, payment)
    except NotFound:
        raise
    except PursebotError:
        return False  # Stripe is slow or not available


async def payment_return(request: web.Request) -> web.Response:
    """Answer GET /pay/{id}/return and /leave; it refetches, as a webhook may be late or lost."""
    services, payment = request.app[SERVICES], path_id(request)
    is_current = await refetch_payment(services, payment)
    row = await sql_payments.get_payment_for_service(services.database, payment_id=payment)
    if row.under_review:
        state = "under_review"
    elif is_current or row.status == "succeeded":
        state = row.status
    else:
        state = "not_sure"
    return state_page(state, row.language)


async def subscription_return(request: web.Request) -> web.Response:
    """Answer GET /recurring/{id}/return, after the page on which a subscription begins."""
    services, id = request.app[SERVICES], path_id(request)
    with suppress(PursebotError):  # Stripe is not available: its webhook will come
        await stripe_state.refetch_if_due(services, id)
    row = await stripe_state.get_row(services, id)
    return state_page(SUBSCRIPTION_PAGE_STATES.get(row.status, "not_sure"), row.language)


async def setup_link_return(request: web.Request) -> web.Response:
    """Answer GET /cards/{id}/return, after the page of a setup link; refetch it."""
    services, link_id, saved = request.app[SERVICES], path_id(request), False
    with suppress(Failure):  # the webhook or the reconciler will settle it
        link, saved = await setup_links.read_setup_link(services, link_id)
        if link.state == "open" and not link.due:
            await asyncio.sleep(CHECK_EVERY_SECONDS)
            _, saved = await setup_links.read_setup_link(services, link_id)
    state, language = await setup_link_state(services, link_id)
    for _ in range(STATE_POLLS if saved else 0):
        if state != "open":
            break
        await asyncio.sleep(STATE_POLL_SECONDS)  # the webhook is about to record it
        state, language = await setup_link_state(services, link_id)
    return state_page("card_added" if saved and state == "open" else f"card_{state}", language)


async def setup_link_state(services: Services, link_id: UUID) -> tuple[str, str]:
    """Return the state of a setup link, and the language of the person who created it."""
    link = await sql_setup_links.get_setup_link_for_service(services.database, link_id=link_id)
    return link.state, link.language


async def portal_return(request: web.Request) -> web.Response:
    """Answer GET /cards/{id}/portal, after Stripe's customer portal; sync the payment methods."""
    organization_id = path_id(request)
    with suppress(PursebotError):
        await portal.sync_after_portal(request.app[SERVICES], organization_id)
    return state_page("portal", request.headers.get("Accept-Language", "en")[:5])


def state_page(state: str, language: str) -> web.Response:
    """Render the page of a state (a section of `backend/locales/`) in the nearest language."""
    language = page_texts.nearest_language(language, otherwise="en")
    texts = {name: escape(text) for name, text in page_texts.PAGE_TEXTS[language][state].items()}
    return render_page("return_page.html", language=language, **texts)


def render_page(file: str, **parts: str) -> web.Response:
    """Render a page of `PAGES`; its `parts` are HTML already."""
    text = PAGES[file].substitute(parts)
    headers = {"Content-Security-Policy": PAGE_POLICY}
    return web.Response(text=text, content_type="text/html", headers=headers)
