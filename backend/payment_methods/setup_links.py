"""Adding a card: at once, or on a page of Stripe's that a link leads to."""

from uuid import UUID

from backend.database.protocol import SERVICE, Actor, Database
from backend.errors import BadRequest
from backend.payment_methods import customers, service as cards
from backend.schemas import AddedMethod, Json, MethodLink, NewMethod
from backend.shop import Shop


async def add(shop: Shop, actor: Actor, wanted: NewMethod, key: str | None) -> AddedMethod:
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


async def make(shop: Shop, actor: Actor, wanted: NewMethod, key: str | None) -> MethodLink:
    """The row first, then Stripe's page; the same `key` finds the same link again."""
    await customers.customer_id(shop, actor, wanted.organization_id)
    made = await shop.database.call(
        "create_method_link",
        actor,
        organization_id=wanted.organization_id,
        idempotency_key=key,
        make_default=wanted.set_as_default,
        **wanted.where,
    )
    if made["state"] == "open" and made["url"] is None:
        link = await shop.database.call("open_method_link", SERVICE, link_id=made["link_id"])
        page = await shop.stripe.create_setup(link)
        opened = {"session_id": page["id"], "url": page["url"]}
        await shop.database.call("open_method_link", SERVICE, link_id=made["link_id"], **opened)
    return await show(shop.database, actor, made["link_id"])


async def show(database: Database, actor: Actor, link_id: UUID) -> MethodLink:
    """A link of one's own to add a card, and what came of it. Raises NotFound."""
    return MethodLink(**await database.call("get_method_link", actor, link_id=link_id))


async def show_checked(shop: Shop, actor: Actor, link_id: UUID) -> MethodLink:
    """A link of one's own as it stands at Stripe, which is asked every three seconds at most."""
    await show(shop.database, actor, link_id)  # whose it is not may not ask either
    await check(shop, link_id)
    return await show(shop.database, actor, link_id)


async def see(shop: Shop, link_id: UUID) -> Json:
    """Read at Stripe what became of a link, at most every three seconds, and change nothing.

    The link as it was, with `due` (whether Stripe was asked) and `saved` (a card was added on it).
    """
    link: Json = await shop.database.call("start_link_check", SERVICE, link_id=link_id)
    page = await cards.seen_on_page(shop, link) if link["due"] else {}
    return {**link, "saved": bool(page.get("added"))}


async def check(shop: Shop, link_id: UUID) -> Json:
    """Ask Stripe what became of a link, at most every three seconds; the link as it was."""
    link: Json = await shop.database.call("start_link_check", SERVICE, link_id=link_id)
    if link["due"]:
        await cards.look(shop, {name: link[name] for name in ("organization_id", "link_id")})
    return link
