"""Where Stripe sends a payer back to: a page that says how it stands.

Anybody with the link can open it, so it names no person, organization or amount, and it changes
nothing at Stripe: it asks there how one thing stands, at most every three seconds.
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
from backend.database.functions.payment_methods import WhoseMethods
from backend.errors import Failure, NotFound, PursebotError
from backend.http.requests import SERVICES, path_id
from backend.payment_methods import service as cards, setup_links
from backend.payments import checkout
from backend.services import Services
from backend.subscriptions import refetch

# The pages of this folder, read once.
PAGES = {f.name: Template(f.read_text("utf-8")) for f in Path(__file__).parent.glob("*.html")}
PAGE_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'"
)
SUBSCRIPTION_PAGE_STATES = {"active": "succeeded", "incomplete": "pending", "canceled": "canceled"}
CHECK_EVERY_SECONDS = 3.0  # as api.claim_payment_check has it
STATE_POLLS, STATE_POLL_SECONDS = 6, 0.25


async def refetch_payment(services: Services, payment: UUID) -> bool:
    """Whether Stripe has just told us; waits once where it was asked a moment before."""
    try:
        if await checkout.refetch_if_due(services, payment):
            return True
        row = await sql_payments.get_payment_for_service(services.database, payment_id=payment)
        if row.status == "succeeded":
            return True
        await asyncio.sleep(CHECK_EVERY_SECONDS)
        return await checkout.refetch_if_due(services, payment)
    except NotFound:
        raise
    except PursebotError:
        return False  # Stripe is slow or away: the webhook or the reconciler will settle it


async def payment_return(request: web.Request) -> web.Response:
    """GET /pay/{id}/return and /leave: asks Stripe, so nobody depends on the webhook alone."""
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
    """GET /recurring/{id}/return: where a payer of a recurring top-up comes back to."""
    services, id = request.app[SERVICES], path_id(request)
    with suppress(PursebotError):  # Stripe is slow or away: it will tell us
        await refetch.check(services, id)
    row = await refetch.get_row(services, id)
    return state_page(SUBSCRIPTION_PAGE_STATES.get(row.status, "not_sure"), row.language)


async def setup_link_return(request: web.Request) -> web.Response:
    """GET /cards/{id}/return: from the page of a link to add a card; asks Stripe."""
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
        await asyncio.sleep(STATE_POLL_SECONDS)  # the webhook is about to write it down
        state, language = await setup_link_state(services, link_id)
    return state_page("card_added" if saved and state == "open" else f"card_{state}", language)


async def setup_link_state(services: Services, link_id: UUID) -> tuple[str, str]:
    """How far a link to add a card is, and its maker's language."""
    link = await sql_setup_links.open_setup_link(services.database, link_id=link_id)
    return link.state, link.language


async def portal_return(request: web.Request) -> web.Response:
    """GET /cards/{id}/portal: whatever an organization's people did there is asked about."""
    scope: WhoseMethods = {
        "organization_id": str(path_id(request)),
        "at_most_every": cards.PORTAL_SYNC_INTERVAL_SECONDS,
    }
    with suppress(PursebotError):
        await cards.sync_payment_methods(request.app[SERVICES], scope, settle=False)
    return state_page("portal", request.headers.get("Accept-Language", "en")[:5])


def state_page(state: str, language: str) -> web.Response:
    """The page with the words for this state."""
    language = page_texts.nearest_language(language, otherwise="en")
    texts = {name: escape(text) for name, text in page_texts.PAGE_TEXTS[language][state].items()}
    return render_page("return_page.html", language=language, **texts)


def render_page(file: str, **parts: str) -> web.Response:
    """A page of `PAGES` with its $parts, which are HTML already."""
    text = PAGES[file].substitute(parts)
    headers = {"Content-Security-Policy": PAGE_POLICY}
    return web.Response(text=text, content_type="text/html", headers=headers)
