"""Adding a card: at once, or on a page of Stripe's that a link leads to."""

from typing import NamedTuple
from uuid import UUID

from backend.database.functions import setup_links as sql_setup_links
from backend.database.functions.setup_links import SetupLinkCheck
from backend.database.protocol import Database, Person
from backend.errors import BadRequest
from backend.payment_methods import customers, service as cards
from backend.schemas import AddedMethod, MethodLink, NewMethod
from backend.shop import Shop


async def add(shop: Shop, actor: Person, wanted: NewMethod, key: str | None) -> AddedMethod:
    """A card for every owner and admin of an organization to charge, or the link to add it on.

    Raises BadRequest, NotFound, RoleTooLow, CardDeclined, IdempotencyKeyReused, StripeRefused and
    StripeUnavailable. A card that is there already is kept as it is: `known`.
    """
    ways = (wanted.payment_method_id, wanted.link, wanted.card_number)
    if sum(way is not None for way in ways) != 1:
        raise BadRequest("Send exactly one of payment_method_id, link and card_number.")
    stripe_id = wanted.payment_method_id
    if wanted.card_number:
        stripe_id = cards.published_card(shop, wanted)
    if stripe_id:
        return await cards.attach(shop, actor, wanted, stripe_id)
    return AddedMethod(link=await make(shop, actor, wanted, key))


async def make(shop: Shop, actor: Person, wanted: NewMethod, key: str | None) -> MethodLink:
    """The row first, then Stripe's page; the same `key` finds the same link again."""
    await customers.customer_id(shop, actor, wanted.organization_id)
    shown_in = wanted.shown_in
    made = await sql_setup_links.create_method_link(
        shop.database,
        actor,
        organization_id=wanted.organization_id,
        idempotency_key=key,
        make_default=wanted.set_as_default,
        telegram_chat_id=shown_in.chat_id if shown_in else None,
        message_id=shown_in.message_id if shown_in else None,
    )
    if made.state == "open" and made.url is None:
        link = await sql_setup_links.open_method_link(shop.database, link_id=made.link_id)
        page = await shop.stripe.create_setup(link)
        await sql_setup_links.open_method_link(
            shop.database, link_id=made.link_id, session_id=page.id, url=page.url
        )
    return await show(shop.database, actor, made.link_id)


async def show(database: Database, actor: Person, link_id: UUID) -> MethodLink:
    """A link of one's own to add a card, and what came of it. Raises NotFound."""
    return await sql_setup_links.get_method_link(database, actor, link_id=link_id)


async def show_checked(shop: Shop, actor: Person, link_id: UUID) -> MethodLink:
    """A link of one's own as it stands at Stripe, which is asked every three seconds at most."""
    await show(shop.database, actor, link_id)  # whose it is not may not ask either
    await check(shop, link_id)
    return await show(shop.database, actor, link_id)


class SeenLink(NamedTuple):
    """A link as it was, and whether a card was `added` on its page, if Stripe was asked."""

    link: SetupLinkCheck
    added: bool


async def see(shop: Shop, link_id: UUID) -> SeenLink:
    """Read at Stripe what became of a link, at most every three seconds, and change nothing."""
    link = await sql_setup_links.start_link_check(shop.database, link_id=link_id)
    page = await cards.seen_on_page(shop, link) if link.due else None
    return SeenLink(link, added=page is not None and page.added is not None)


async def check(shop: Shop, link_id: UUID) -> None:
    """Ask Stripe what became of a link, at most every three seconds."""
    link = await sql_setup_links.start_link_check(shop.database, link_id=link_id)
    if link.due:
        await cards.look(
            shop,
            {"organization_id": str(link.organization_id), "link_id": str(link.link_id)},
        )
