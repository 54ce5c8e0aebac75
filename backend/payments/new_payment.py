"""A payment's row, made before Stripe is asked for anything."""

from uuid import UUID

from backend.database.functions import organizations as sql_organizations, payments as sql_payments
from backend.database.functions.payments import PaymentRow
from backend.database.protocol import Person
from backend.schemas import PaymentFlow, PaymentRequest, ShownIn, SubscriptionRequest
from backend.services import Services
from backend.wallets import money


async def make(
    services: Services,
    actor: Person,
    request: PaymentRequest,
    key: str | None,
    *,
    flow: PaymentFlow = "checkout",
    shown_in: ShownIn | None = None,
    payment_method_id: UUID | None = None,
    order_reference: str | None = None,
) -> PaymentRow:
    """The payment's row, as Stripe will be asked for it."""
    amount, currency = await priced(services, actor, request)
    made = await sql_payments.create_payment(
        services.database,
        actor,
        organization_id=request.organization_id,
        amount=amount,
        currency=currency,
        idempotency_key=key,
        telegram_chat_id=shown_in.chat_id if shown_in else None,
        message_id=shown_in.message_id if shown_in else None,
        flow=flow,
        payment_method_id=payment_method_id,
        order_reference=order_reference,
    )
    return await sql_payments.get_payment_for_service(services.database, payment_id=made.id)


async def priced(
    services: Services, actor: Person, request: PaymentRequest | SubscriptionRequest
) -> tuple[int, str]:
    """The amount in minor units, and its currency: the organization's where none is named."""
    code = request.currency
    if code is None:
        which = request.organization_id
        organization = await sql_organizations.get_organization(
            services.database, actor, organization_id=which
        )
        code = organization.default_currency
    return money.minor_units(request.amount, code.lower()), code.lower()
