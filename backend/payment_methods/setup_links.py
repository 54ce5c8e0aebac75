"""Setup links: pages of Stripe's on which a card is added."""

from typing import NamedTuple
from uuid import UUID

from backend.database.functions import setup_links as sql_setup_links
from backend.database.functions.setup_links import SetupLinkCheck
from backend.database.protocol import Database, Person
from backend.payment_methods import customers
from backend.payment_methods.sync import read_setup_session, sync_payment_methods
from backend.schemas import MethodLink, NewMethod
from backend.services import Services
from backend.stripe import creation
from backend.stripe.metadata import LINK_METADATA


class SetupLinkAtStripe(NamedTuple):
    """A link as it was, and whether a card was added on its page, if Stripe was asked."""

    link: SetupLinkCheck
    is_added: bool


async def create_setup_link(
    services: Services, actor: Person, request: NewMethod, key: str | None
) -> MethodLink:
    """Make a link, the row first, then Stripe's page; the same `key` finds the same link again.

    Raises NotFound, RoleTooLow, TooManyRequests, IdempotencyKeyReused, StripeRefused,
    StripeUnavailable.
    """
    await customers.ensure_stripe_customer_id(services, actor, request.organization_id)
    shown_in = request.shown_in
    created = await sql_setup_links.create_setup_link(
        services.database,
        actor,
        organization_id=request.organization_id,
        idempotency_key=key,
        make_default=request.set_as_default,
        telegram_chat_id=shown_in.chat_id if shown_in else None,
        message_id=shown_in.message_id if shown_in else None,
    )
    if created.state == "open" and created.url is None:
        link = await sql_setup_links.get_setup_link_for_service(
            services.database, link_id=created.link_id
        )
        page = await creation.create_at_stripe(
            services,
            link,
            services.stripe.create_setup_session(link),
            lambda: services.stripe.find_session(
                link.link_id, LINK_METADATA, creation.search_since(link)
            ),
        )
        await sql_setup_links.mark_setup_link_opened(
            services.database,
            link_id=created.link_id,
            stripe_checkout_session_id=page.id,
            url=page.url,
        )
    return await get_setup_link(services.database, actor, created.link_id)


async def get_setup_link(database: Database, actor: Person, link_id: UUID) -> MethodLink:
    """Return a link of the caller's own, and what came of it. Raises NotFound."""
    return await sql_setup_links.get_setup_link(database, actor, link_id=link_id)


async def check_setup_link(services: Services, actor: Person, link_id: UUID) -> MethodLink:
    """Return a link of the caller's own as it stands at Stripe.

    Stripe is asked every three seconds at most. Raises NotFound, StripeRefused, StripeUnavailable.
    """
    await get_setup_link(services.database, actor, link_id)  # whose it is not may not ask either
    link = await sql_setup_links.claim_setup_link_check(services.database, link_id=link_id)
    if link.due:
        await sync_payment_methods(
            services,
            {"organization_id": str(link.organization_id), "link_id": str(link.link_id)},
        )
    return await get_setup_link(services.database, actor, link_id)


async def read_setup_link(services: Services, link_id: UUID) -> SetupLinkAtStripe:
    """Read at Stripe what became of a link, at most every three seconds, and change nothing.

    Raises NotFound, StripeRefused, StripeUnavailable.
    """
    link = await sql_setup_links.claim_setup_link_check(services.database, link_id=link_id)
    page = await read_setup_session(services, link) if link.due else None
    return SetupLinkAtStripe(link, is_added=page is not None and page.added is not None)
