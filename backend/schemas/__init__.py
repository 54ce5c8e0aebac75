"""The words of the house: what crosses the HTTP border, as pydantic models.

This is all of `backend/` that `bot/` may import. Money leaves as a decimal string in major units
(`"50.00"`) beside the integer in the currency's minor units (`5000`); currencies are lower-case ISO
codes; every time is UTC.
"""

from backend.schemas.errors import (
    ErrorAnswer as ErrorAnswer,
)
from backend.schemas.errors import (
    ErrorFacts as ErrorFacts,
)
from backend.schemas.groups import (
    Group as Group,
)
from backend.schemas.groups import (
    GroupBalance as GroupBalance,
)
from backend.schemas.groups import (
    GroupNews as GroupNews,
)
from backend.schemas.groups import (
    GroupPermissions as GroupPermissions,
)
from backend.schemas.groups import (
    GroupTie as GroupTie,
)
from backend.schemas.history import (
    Payments as Payments,
)
from backend.schemas.history import (
    PaymentsQuery as PaymentsQuery,
)
from backend.schemas.history import (
    Statement as Statement,
)
from backend.schemas.history import (
    StatementQuery as StatementQuery,
)
from backend.schemas.history import (
    Transaction as Transaction,
)
from backend.schemas.history import (
    Transactions as Transactions,
)
from backend.schemas.history import (
    TransactionsQuery as TransactionsQuery,
)
from backend.schemas.history import (
    Wallets as Wallets,
)
from backend.schemas.money import (
    Limits as Limits,
)
from backend.schemas.money import (
    Money as Money,
)
from backend.schemas.money import (
    Wallet as Wallet,
)
from backend.schemas.notifications import (
    ClaimedNotifications as ClaimedNotifications,
)
from backend.schemas.notifications import (
    Notification as Notification,
)
from backend.schemas.notifications import (
    NotificationResult as NotificationResult,
)
from backend.schemas.organizations import (
    AuditEntries as AuditEntries,
)
from backend.schemas.organizations import (
    AuditEntry as AuditEntry,
)
from backend.schemas.organizations import (
    AuditQuery as AuditQuery,
)
from backend.schemas.organizations import (
    CodeRequest as CodeRequest,
)
from backend.schemas.organizations import (
    Invitation as Invitation,
)
from backend.schemas.organizations import (
    InvitationRequest as InvitationRequest,
)
from backend.schemas.organizations import (
    Invitations as Invitations,
)
from backend.schemas.organizations import (
    Member as Member,
)
from backend.schemas.organizations import (
    Members as Members,
)
from backend.schemas.organizations import (
    Organization as Organization,
)
from backend.schemas.organizations import (
    OrganizationChoice as OrganizationChoice,
)
from backend.schemas.organizations import (
    OrganizationName as OrganizationName,
)
from backend.schemas.organizations import (
    OrganizationRequest as OrganizationRequest,
)
from backend.schemas.organizations import (
    Organizations as Organizations,
)
from backend.schemas.organizations import (
    RoleRequest as RoleRequest,
)
from backend.schemas.payments import (
    Checkout as Checkout,
)
from backend.schemas.payments import (
    CheckoutRequest as CheckoutRequest,
)
from backend.schemas.payments import (
    Customer as Customer,
)
from backend.schemas.payments import (
    CustomerRequest as CustomerRequest,
)
from backend.schemas.payments import (
    Intent as Intent,
)
from backend.schemas.payments import (
    Payment as Payment,
)
from backend.schemas.payments import (
    PaymentRequest as PaymentRequest,
)
from backend.schemas.payments import (
    PaymentStatus as PaymentStatus,
)
from backend.schemas.payments import (
    ShownIn as ShownIn,
)
from backend.schemas.people import (
    Introduction as Introduction,
)
from backend.schemas.people import (
    Me as Me,
)
from backend.schemas.people import (
    Membership as Membership,
)
from backend.schemas.settings import (
    PersonalSettings as PersonalSettings,
)
from backend.schemas.settings import (
    QuietHours as QuietHours,
)
from backend.schemas.settings import (
    SettingsChange as SettingsChange,
)
from backend.schemas.updates import (
    ClaimedUpdate as ClaimedUpdate,
)
from backend.schemas.updates import (
    ClaimedUpdates as ClaimedUpdates,
)
from backend.schemas.updates import (
    UpdateHandled as UpdateHandled,
)
from backend.schemas.words import (
    ACTOR_AUDIENCE as ACTOR_AUDIENCE,
)
from backend.schemas.words import (
    BOT_ISSUER as BOT_ISSUER,
)
from backend.schemas.words import (
    SERVICE_AUDIENCE as SERVICE_AUDIENCE,
)
from backend.schemas.words import (
    TOKEN_LIFETIME_SECONDS as TOKEN_LIFETIME_SECONDS,
)
from backend.schemas.words import (
    AmountText as AmountText,
)
from backend.schemas.words import (
    Model as Model,
)
from backend.schemas.words import (
    Role as Role,
)
from backend.schemas.words import (
    TelegramId as TelegramId,
)
