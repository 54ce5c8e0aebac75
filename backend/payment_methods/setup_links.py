"""Adding a card: at once, or on a page of Stripe's that a link leads to."""

from typing import NamedTuple
from uuid import UUID

from backend.database.functions import setup_links as sql_setup_links
from backend.database.functions.setup_links import SetupLinkCheck
from backend.database.protocol import Database, Person
from backend.errors import BadRequest
from backend.payment_methods import customers, service as cards
from backend.schemas import AddedMethod, MethodLink, NewMethod
from backend.services import Services


async def add_payment_method(
    services: Services, actor: Person, request: NewMethod, key: str | None
) -> AddedMethod:
    """A card for every owner and admin of an organization to charge, or the link to add it on.

    Raises BadRequest, NotFound, RoleTooLow, CardDeclined, IdempotencyKeyReused, StripeRefused and
    StripeUnavailable. A card that is there already is kept as it is: `known`.
    """
    sources = (request.stripe_payment_method_id, request.link, request.card_number)
    if sum(source is not None for source in sources) != 1:
        raise BadRequest("Send exactly one of payment_method_id, link and card_number.")
    stripe_id = request.stripe_payment_method_id
    if request.card_number:
        stripe_id = cards.stripe_test_payment_method(services, request)
    if stripe_id:
        return await cards.attach_payment_method(services, actor, request, stripe_id)
    return AddedMethod(link=await create_setup_link(services, actor, request, key))


async def create_setup_link(
    services: Services, actor: Person, request: NewMethod, key: str | None
) -> MethodLink:
    """The row first, then Stripe's page; the same `key` finds the same link again."""
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
        link = await sql_setup_links.open_setup_link(services.database, link_id=created.link_id)
        page = await services.stripe.create_setup_session(link)
        await sql_setup_links.open_setup_link(
            services.database, link_id=created.link_id, session_id=page.id, url=page.url
        )
    return await get_setup_link(services.database, actor, created.link_id)


async def get_setup_link(database: Database, actor: Person, link_id: UUID) -> MethodLink:
    """A link of one's own to add a card, and what came of it. Raises NotFound."""
    return await sql_setup_links.get_setup_link(database, actor, link_id=link_id)


async def check_setup_link(services: Services, actor: Person, link_id: UUID) -> MethodLink:
    """A link of one's own as it stands at Stripe, which is asked every three seconds at most."""
    await get_setup_link(services.database, actor, link_id)  # whose it is not may not ask either
    await sync_setup_link(services, link_id)
    return await get_setup_link(services.database, actor, link_id)


class SeenLink(NamedTuple):
    """A link as it was, and whether a card was `added` on its page, if Stripe was asked."""

    link: SetupLinkCheck
    added: bool


async def read_setup_link(services: Services, link_id: UUID) -> SeenLink:
    """Read at Stripe what became of a link, at most every three seconds, and change nothing."""
    link = await sql_setup_links.claim_setup_link_check(services.database, link_id=link_id)
    page = await cards.read_setup_session(services, link) if link.due else None
    return SeenLink(link, added=page is not None and page.added is not None)


async def sync_setup_link(services: Services, link_id: UUID) -> None:
    """Ask Stripe what became of a link, at most every three seconds."""
    link = await sql_setup_links.claim_setup_link_check(services.database, link_id=link_id)
    if link.due:
        await cards.sync_payment_methods(
            services,
            {"organization_id": str(link.organization_id), "link_id": str(link.link_id)},
        )
