"""Copy an organization's payment methods from Stripe: Stripe decides, our rows follow.

Events say only whose methods changed. Stripe is asked for all of them, and the answer to the last
question counts, however late the others come.
"""

from contextlib import suppress
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from backend.database.functions import (
    payment_methods as sql_payment_methods,
    setup_links as sql_setup_links,
)
from backend.database.functions.payment_methods import (
    PaymentMethodSync,
    SyncedPaymentMethods,
    SyncScope,
)
from backend.database.functions.setup_links import SetupLinkRow
from backend.failures import StripeRefused
from backend.payment_methods import customers
from backend.services import Services
from backend.stripe.parsers.facts import MethodFact
from backend.stripe.parsers.payment_methods import SetupIntent, StripePaymentMethod

# What is at Stripe twice, or without a default, takes a second round after it was changed there.
MAX_SYNC_ROUNDS: Final = 5


@dataclass(frozen=True)
class AddedAtStripe:
    """What somebody has just saved at Stripe, by its id there, perhaps to be the default one."""

    stripe_id: str
    added_by: UUID
    make_default: bool


@dataclass(frozen=True)
class SetupPage:
    """What became of a page to add a card: what was `added` on it, and the state of its link.

    `decline` is Stripe's code of the last failed try on it.
    """

    link_id: UUID
    added: AddedAtStripe | None
    expired: bool
    decline: str | None


@dataclass(frozen=True)
class MethodsAtStripe:
    """What Stripe answered about the methods of a customer (`target`).

    `methods` is None of a customer who was deleted there, with all that they had. `page` is that of
    the link that Stripe was asked about, if it was about one. `email` is the customer's e-mail
    address.
    """

    target: PaymentMethodSync
    default_id: str | None
    methods: list[StripePaymentMethod] | None
    added: AddedAtStripe | None
    page: SetupPage | None
    email: str | None = None


async def sync_after_event(services: Services, fact: MethodFact, event_id: str) -> None:
    """Sync the methods that an event says have changed. Raises as `sync_payment_methods`."""
    scope: SyncScope = {
        "stripe_customer_id": fact.stripe_customer_id,
        "stripe_payment_method_id": fact.stripe_payment_method_id,
        "link_id": fact.link_id,
    }
    await sync_payment_methods(services, scope, event_id)


async def sync_payment_methods(
    services: Services,
    scope: SyncScope,
    event_id: str | None = None,
    added: AddedAtStripe | None = None,
    *,
    settle: bool = True,
) -> SyncedPaymentMethods | None:
    """Copy an organization's payment methods from Stripe into our rows.

    `scope` says whose: a customer, a payment method or a link. `event_id` is the event that caused
    the sync, `added` what was just saved at Stripe. An answer that arrives after a newer one was
    recorded is dropped, and the methods are fetched again. With `settle`, duplicates are then
    detached and a default is set at Stripe: see `change_at_stripe`.

    Returns what the last round recorded; None where nothing had to be fetched. Raises
    StripeRefused, StripeUnavailable.
    """
    result = None
    for _ in range(MAX_SYNC_ROUNDS):
        target = await sql_payment_methods.get_payment_method_sync(
            services.database, fact=scope, event_id=event_id
        )
        if target is None:
            break
        answer = await fetch_payment_methods(services, target, added)
        result = await record_payment_methods(services, answer)
        # What keeps a first question from being asked twice does not hold for another round.
        event_id, scope = None, scope.copy()
        scope.pop("min_interval_seconds", None)
        if not result.fresh:
            continue
        if not settle:
            break
        await change_at_stripe(services, answer, result)
        if answer.page:
            await settle_setup_link(services, answer.page)
        if not result.new_default_id and not result.detach:
            break
    services.wakeup.wake()
    return result


async def fetch_payment_methods(
    services: Services, target: PaymentMethodSync, added: AddedAtStripe | None
) -> MethodsAtStripe:
    """Ask Stripe for all methods of a customer, and for what was added on the link's page."""
    page = await read_setup_session(services, target.link) if target.link else None
    if added is None and page is not None:
        added = page.added
    saved = await services.stripe.list_saved_payment_methods(target.stripe_customer_id)
    if saved is None:
        return MethodsAtStripe(target, None, None, added, page)
    return MethodsAtStripe(target, saved.default_id, saved.methods, added, page, saved.email)


async def record_payment_methods(
    services: Services, answer: MethodsAtStripe
) -> SyncedPaymentMethods:
    """Record what Stripe answered; return what is to be changed there."""
    target, added = answer.target, answer.added
    is_deleted = answer.methods is None
    return await sql_payment_methods.sync_payment_methods(
        services.database,
        organization_id=target.organization_id,
        refetched_at=target.refetched_at,
        methods=answer.methods or [],
        default_id=answer.default_id,
        added_id=added.stripe_id if added else None,
        added_by=added.added_by if added else None,
        make_default=added.make_default if added else False,
        deleted_stripe_customer_id=target.stripe_customer_id if is_deleted else None,
    )


async def change_at_stripe(
    services: Services, answer: MethodsAtStripe, result: SyncedPaymentMethods
) -> None:
    """Change at Stripe what is to be changed there after a sync.

    No page shows one payer's details to another, the only method is the default, and a card that is
    there twice is detached once. A refusal ends nothing: somebody was faster, and the next sync
    sees what is so.
    """
    target = answer.target
    with suppress(StripeRefused):
        if answer.methods is not None and not is_right_email(answer.email, target.billing_email):
            await customers.send_billing_email(services, target.organization_id)
    with suppress(StripeRefused):
        for method in answer.methods or []:
            if method.allow_redisplay == "unspecified":
                await services.stripe.limit_redisplay(method.id)
        if result.new_default_id:
            await services.stripe.set_default_payment_method(
                target.stripe_customer_id, result.new_default_id
            )
    for duplicate in result.detach:
        with suppress(StripeRefused):
            await services.stripe.detach_payment_method(duplicate)


def is_right_email(email: str | None, billing_email: str | None) -> bool:
    """Return whether a customer has the address that an owner chose, or else any at all."""
    if email is None or billing_email is None:
        return email is not None
    return email.casefold() == billing_email.casefold()


async def settle_setup_link(services: Services, page: SetupPage) -> None:
    """Write down what became of a link's page."""
    await sql_setup_links.settle_setup_link(
        services.database,
        link_id=page.link_id,
        stripe_payment_method_id=page.added.stripe_id if page.added else None,
        expired=page.expired,
        decline=page.decline,
    )


async def read_setup_session(services: Services, link: SetupLinkRow) -> SetupPage | None:
    """Read at Stripe what became of a link's page to add a card; None before there is one.

    What is added is to be the default only while the link is open: later somebody may have chosen
    another. Raises StripeRefused, StripeUnavailable.
    """
    if link.stripe_checkout_session_id is None:
        return None
    session = await services.stripe.get_setup_session(link.stripe_checkout_session_id)
    intent = session.setup_intent if isinstance(session.setup_intent, SetupIntent) else None
    added = None
    if intent and intent.saved_method_id and session.status == "complete":
        make_default = link.state == "open" and link.make_default
        added = AddedAtStripe(intent.saved_method_id, link.user_id, make_default)
    return SetupPage(
        link_id=link.link_id,
        added=added,
        expired=session.status == "expired",
        decline=intent.decline if intent else None,
    )
