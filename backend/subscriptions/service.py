"""Recurring top-ups: start, change, pause, end one; ask Stripe how it stands.

The row first, then Stripe; how a subscription stands is always Stripe's answer to a question, and
that of the last question counts.
"""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from backend import schemas
from backend.database.protocol import SERVICE, Actor, Database
from backend.errors import BadRequest, SubscriptionOver
from backend.failures import EventNotApplied, StripeRefused
from backend.payment_methods import customers
from backend.payments import checkout
from backend.schemas import Json, Subscription
from backend.shop import Shop
from backend.stripe.billing import price
from backend.stripe.parsers.subscriptions import invoice_fact
from backend.wallets.money import minor_units

BEGINS_WITHIN = timedelta(minutes=10)  # with a saved card, of when it was asked for


async def start(
    shop: Shop, actor: Actor, wanted: schemas.SubscriptionRequest, key: str | None
) -> Subscription:
    """A recurring top-up, and the link on which it begins.

    The row first, then Stripe; the same `key` finds the same one again. Refuses as `topups.start`.
    """
    if wanted.payment_method_id and key is None:
        raise BadRequest("Send an Idempotency-Key header, so that a repeat does not charge twice.")
    if wanted.package_id and wanted.amount:
        raise BadRequest("Send a package_id, which has its terms, or an amount.")
    terms: Json = wanted.model_dump(mode="json", exclude={"organization_id"})
    which = {"organization_id": wanted.organization_id}
    if wanted.package_id is None:
        terms |= await checkout.priced(shop, actor, wanted)
    made = await shop.database.call(
        "create_subscription", actor, **which, terms=terms, idempotency_key=key
    )
    if made["status"] == "incomplete" and made["url"] is None:
        customer_id = await customers.customer_id(shop, actor, **which)
        with suppress(EventNotApplied):  # its first invoice: the reconciler asks again
            await begin(shop, await look(shop, made["id"]), customer_id)
    return await show(shop.database, actor, made["id"])


async def begin(shop: Shop, row: Json, customer_id: str) -> None:
    """At once with the saved card, else on a page of Stripe's; written down as Stripe says."""
    try:
        await begin_with_product(shop, row, customer_id)
    except StripeRefused as refused:
        if not await shop.stripe.mend_product(row["package"], refused):
            raise
        await begin_with_product(shop, await look(shop, row["id"]), customer_id)


async def begin_with_product(shop: Shop, row: Json, customer_id: str) -> None:
    """Ask Stripe for it once, with the product as we know it."""
    card = row["stripe_payment_method_id"]
    if card and (found := await shop.stripe.find_subscription(row)):
        await ask(shop, row["id"], found)
        return
    row = await look(shop, row["id"])
    late = is_unsent(row) if card else checkout.late(row, checkout.SHORTEST_PAGE)
    if row["unwanted"] or row["revoked"] or late:
        raise SubscriptionOver(status="canceled")
    if card:
        asked = shop.stripe.create_subscription(row, customer_id)
        await ask(shop, row["id"], (await checkout.made_by_stripe(shop, row, asked))["id"])
        return
    asked = shop.stripe.create_subscription_page(row, customer_id)
    session = await checkout.made_by_stripe(shop, row, asked)
    await note(shop, row, session_id=session["id"], url=session["url"])


def is_unsent(row: Json) -> bool:
    """Whether Stripe is asked no more to begin what it was not heard to have begun."""
    return datetime.now(UTC) - datetime.fromisoformat(row["created_at"]) > BEGINS_WITHIN


async def listing(
    database: Database, actor: Actor, asked: schemas.WhichOrganization
) -> schemas.Subscriptions:
    """An organization's recurring top-ups. Raises NotFound."""
    found = await database.call("list_subscriptions", actor, **asked.model_dump())
    return schemas.Subscriptions(subscriptions=found)


async def show(database: Database, actor: Actor, subscription_id: UUID) -> Subscription:
    """A recurring top-up as it stands. Raises NotFound."""
    row = await database.call("get_subscription", actor, subscription_id=subscription_id)
    return Subscription(**row)


async def show_checked(shop: Shop, actor: Actor, subscription_id: UUID) -> Subscription:
    """A recurring top-up as it stands at Stripe. Raises NotFound."""
    await show(shop.database, actor, subscription_id)  # whose it is not may not ask either
    await check(shop, subscription_id)
    return await show(shop.database, actor, subscription_id)


async def change(
    shop: Shop, actor: Actor, subscription_id: UUID, wanted: schemas.SubscriptionChange
) -> Subscription:
    """Change the amount of a recurring top-up, pause it or let it go on.

    Raises NotFound, RoleTooLow, AmountRefused, SubscriptionOver.
    """
    which = {"subscription_id": subscription_id}
    currency = (await show(shop.database, actor, **which)).money.currency
    amount = None if wanted.amount is None else minor_units(wanted.amount, currency)
    changes = {"amount": amount, "paused": wanted.paused}
    asked = await shop.database.call("request_change", actor, **which, changes=changes)
    row, at_stripe = await look(shop, subscription_id), dict[str, Any]()
    row["changed_by"] = asked["changed_by"]  # who will see it, and needs not be told
    if amount:
        found = await shop.stripe.get_subscription(row["stripe_subscription_id"])
        item, *more = found["items"]["data"]
        if more:
            raise BadRequest(
                "It has more than one item at Stripe: change it in the dashboard there."
            )
        at_stripe["items"] = [{"id": item["id"], "price_data": price(row, amount)}]
        at_stripe["proration_behavior"] = "none"
    if wanted.paused is not None:
        at_stripe["pause_collection"] = {"behavior": "void"} if wanted.paused else ""
    changed = await changed_at_stripe(shop, row, at_stripe)
    with suppress(EventNotApplied):  # its latest invoice: the reconciler asks again
        await heard(shop, row, changed)
    return await show(shop.database, actor, **which)


async def changed_at_stripe(shop: Shop, row: Json, changes: Json) -> Json:
    """The subscription as Stripe changed it; setting what is set already is harmless.

    A new price goes to the product that we keep: the one of before may be in the archive.
    """
    id = row["stripe_subscription_id"]
    try:
        return await shop.stripe.change_subscription(id, changes, row["package"])
    except StripeRefused as refused:
        if "items" not in changes or not await shop.stripe.mend_product(row["package"], refused):
            raise
        return await shop.stripe.change_subscription(id, changes, row["package"])


async def cancel(shop: Shop, actor: Actor, subscription_id: UUID) -> Subscription:
    """End a recurring top-up now. Raises NotFound, RoleTooLow."""
    which = {"subscription_id": subscription_id}
    await shop.database.call("request_change", actor, **which, changes={"canceled": True})
    await reconcile(shop, subscription_id)
    return await show(shop.database, actor, subscription_id)


async def look(shop: Shop, subscription_id: UUID | str | None, found: str | None = None) -> Json:
    """All that is needed to talk to Stripe about it; by our id, or by Stripe's."""
    which = {"subscription_id": subscription_id, "stripe_subscription_id": found}
    row: Json = await shop.database.call("start_subscription", SERVICE, **which)
    return row


async def check(shop: Shop, subscription_id: UUID) -> None:
    """Ask Stripe how a subscription stands, at most every three seconds; change nothing."""
    which = {"subscription_id": subscription_id}
    if (await shop.database.call("start_subscription_check", SERVICE, **which))["due"]:
        with suppress(EventNotApplied):  # its latest invoice: the reconciler asks again
            await ask(shop, subscription_id, end=False)


async def reconcile(shop: Shop, subscription_id: UUID | str) -> None:
    """Ask Stripe how a subscription stands, and end what is over.

    Where its latest invoice could not be credited yet, the next round asks again.
    """
    with suppress(EventNotApplied):
        await ask(shop, subscription_id)


async def ask(
    shop: Shop,
    subscription_id: UUID | str | None,
    found: str | None = None,
    *,
    end: bool = True,
) -> None:
    """Ask Stripe how a subscription stands; `found` is its id there, if that is news.

    `end`: what nobody wants any more, or nobody heard to have begun in time, is ended. Raises
    EventNotApplied where its latest invoice is recorded and could not be credited yet.
    """
    row = await look(shop, subscription_id, found)
    at_stripe, page = row["stripe_subscription_id"] or found, row["stripe_checkout_session_id"]
    over = row["unwanted"] or row["revoked"]
    if at_stripe is None and page:
        session = await shop.stripe.get_session(page)
        if session["status"] == "open" and over and end:
            session = await shop.stripe.expire_session(page)
        at_stripe = session["subscription"]
        if session["status"] == "expired":
            await note(shop, row, status="canceled")
    elif at_stripe is None and row["stripe_payment_method_id"]:
        at_stripe = await shop.stripe.find_subscription(row)
        over = over or is_unsent(row)
    if over and end and row["status"] == "incomplete" and not (at_stripe or page):
        await note(shop, row, status="canceled")
    if at_stripe:
        await heard(shop, row, await shop.stripe.get_subscription(at_stripe), end=end)


async def heard(shop: Shop, row: Json, found: Json, *, end: bool = True) -> None:
    """Write down how Stripe says a subscription stands; its latest invoice credits if it is paid.

    Somebody may have ended it while Stripe was making it, or lost the role before its payer began:
    then it ends now.
    """
    over = row["unwanted"] or (row["revoked"] and found["status"] == "incomplete")
    if end and over and found["status"] != "canceled":
        with suppress(StripeRefused):  # it has ended by itself meanwhile
            await shop.stripe.cancel_subscription(found["id"])
        found = await shop.stripe.get_subscription(found["id"])
    item, latest = found["items"]["data"][0], found["latest_invoice"] or {"status": None}
    seen = {"amount": item["price"]["unit_amount"], "status": found["status"]}
    seen |= {"ends": item["current_period_end"], "paused": bool(found["pause_collection"])}
    seen["payment_method"] = found["default_payment_method"]
    seen["url"] = latest["hosted_invoice_url"] if latest["status"] == "open" else None
    await note(shop, row, stripe_subscription_id=found["id"], **seen)
    if latest["status"] == "paid":
        await credit(shop, latest)


async def note(shop: Shop, row: Json, **seen: Any) -> None:
    """What Stripe answered when it was asked for `row`."""
    seen |= {"asked_at": row["asked_at"], "changed_by": row.get("changed_by")}
    await shop.database.call("note_subscription", SERVICE, subscription_id=row["id"], seen=seen)
    shop.bell.ring()


async def ask_again(shop: Shop, result: Json) -> None:
    """After an event of a subscription's. Raises EventNotApplied as `ask` does."""
    await ask(shop, result["fact"]["subscription_id"], result["fact"]["stripe_subscription_id"])


async def ask_who_paid(shop: Shop, result: Json) -> None:
    """After the event of a paid invoice, which does not say it."""
    await credit(shop, await shop.stripe.get_invoice(result["fact"]["invoice_id"]))


async def credit(shop: Shop, invoice: Json) -> None:
    """What Stripe says of a paid invoice takes the way of an event. Raises EventNotApplied."""
    fact = invoice_fact(invoice, "paid")
    name = ":".join([invoice["id"], "paid", *fact["intents"]])
    await checkout.receive_check(shop, name, invoice["livemode"], fact)
