"""SQL functions of setup links: pages of Stripe's on which a payment method is saved."""

from datetime import datetime
from uuid import UUID

from backend.database.protocol import SERVICE, Database, Person
from backend.schemas import MethodLink


class SetupLinkRow(MethodLink, extra="ignore"):
    """A setup link as the service needs it for requests to Stripe.

    `user_id` created it, `language` is theirs. `make_default`: the payment method becomes the
    default one, and whoever created the link is still authorized to decide that. `attempt` and
    `key_hash` as in PaymentRow.
    """

    stripe_customer_id: str | None
    stripe_checkout_session_id: str | None
    user_id: UUID
    attempt: int
    key_hash: str | None
    created_at: datetime
    make_default: bool
    currency: str
    language: str


class SetupLinkCheck(SetupLinkRow):
    """A setup link, and whether it may be refetched now (`due`)."""

    due: bool


async def create_setup_link(
    database: Database,
    actor: Person,
    *,
    organization_id: UUID,
    idempotency_key: str | None = None,
    make_default: bool = False,
    telegram_chat_id: int | None = None,
    message_id: int | None = None,
) -> MethodLink:
    """Create a setup link, valid for an hour; the same key and input find the same one again.

    Raises NotFound, RoleTooLow, TooManyRequests, IdempotencyKeyReused.
    """
    row = await database.call(
        "create_setup_link",
        actor,
        organization_id=organization_id,
        idempotency_key=idempotency_key,
        make_default=make_default,
        telegram_chat_id=telegram_chat_id,
        message_id=message_id,
    )
    return MethodLink.model_validate(row)


async def get_setup_link(database: Database, actor: Person, *, link_id: UUID) -> MethodLink:
    """Read a setup link of the actor's own. Raises NotFound, RoleTooLow."""
    row = await database.call("get_setup_link", actor, link_id=link_id)
    return MethodLink.model_validate(row)


async def get_setup_link_for_service(database: Database, *, link_id: UUID) -> SetupLinkRow:
    """Read a setup link for a request to Stripe."""
    row = await database.call("get_setup_link_for_service", SERVICE, link_id=link_id)
    return SetupLinkRow.model_validate(row)


async def mark_setup_link_opened(
    database: Database, *, link_id: UUID, stripe_checkout_session_id: str, url: str | None
) -> None:
    """Record the Checkout Session of a setup link; what is recorded already stays."""
    await database.call(
        "mark_setup_link_opened",
        SERVICE,
        link_id=link_id,
        stripe_checkout_session_id=stripe_checkout_session_id,
        url=url,
    )


async def claim_setup_link_check(database: Database, *, link_id: UUID) -> SetupLinkCheck:
    """Read a setup link, and claim the right to refetch it, which is granted every three seconds.

    Raises NotFound.
    """
    row = await database.call("claim_setup_link_check", SERVICE, link_id=link_id)
    return SetupLinkCheck.model_validate(row)


async def settle_setup_link(
    database: Database,
    *,
    link_id: UUID,
    stripe_payment_method_id: str | None = None,
    expired: bool = False,
    decline: str | None = None,
) -> None:
    """Record what became of a setup link's page, and queue its message to be edited.

    Nothing changes for a link that is settled. `decline` is Stripe's code of the last failed try.
    """
    await database.call(
        "settle_setup_link",
        SERVICE,
        link_id=link_id,
        stripe_payment_method_id=stripe_payment_method_id,
        expired=expired,
        decline=decline,
    )
