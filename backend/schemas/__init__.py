"""The words of the house: what crosses the HTTP border, as pydantic models.

This is all of `backend/` that `bot/` may import. Money leaves as a decimal string in major units
(`"50.00"`) beside the integer in the currency's minor units (`5000`); currencies are lower-case ISO
codes; every time is UTC.
"""

from backend.schemas.errors import (
    ErrorAnswer as ErrorAnswer,
    ErrorFacts as ErrorFacts,
)
from backend.schemas.groups import (
    Group as Group,
    GroupBalance as GroupBalance,
    GroupNews as GroupNews,
    GroupPermissions as GroupPermissions,
    GroupTie as GroupTie,
)
from backend.schemas.history import (
    Payments as Payments,
    PaymentsQuery as PaymentsQuery,
    Statement as Statement,
    StatementQuery as StatementQuery,
    Transaction as Transaction,
    Transactions as Transactions,
    TransactionsQuery as TransactionsQuery,
    Wallets as Wallets,
)
from backend.schemas.money import (
    Limits as Limits,
    Money as Money,
    Wallet as Wallet,
)
from backend.schemas.notifications import (
    ClaimedNotifications as ClaimedNotifications,
    Notification as Notification,
    NotificationResult as NotificationResult,
)
from backend.schemas.organizations import (
    AuditEntries as AuditEntries,
    AuditEntry as AuditEntry,
    AuditQuery as AuditQuery,
    CodeRequest as CodeRequest,
    Invitation as Invitation,
    InvitationRequest as InvitationRequest,
    Invitations as Invitations,
    Member as Member,
    Members as Members,
    Organization as Organization,
    OrganizationChoice as OrganizationChoice,
    OrganizationName as OrganizationName,
    OrganizationRequest as OrganizationRequest,
    Organizations as Organizations,
    RoleRequest as RoleRequest,
)
from backend.schemas.payments import (
    Checkout as Checkout,
    CheckoutRequest as CheckoutRequest,
    Customer as Customer,
    CustomerRequest as CustomerRequest,
    Intent as Intent,
    Payment as Payment,
    PaymentRequest as PaymentRequest,
    PaymentStatus as PaymentStatus,
    ShownIn as ShownIn,
)
from backend.schemas.people import (
    Introduction as Introduction,
    LinkCode as LinkCode,
    Me as Me,
    Membership as Membership,
)
from backend.schemas.settings import (
    PersonalSettings as PersonalSettings,
    QuietHours as QuietHours,
    SettingsChange as SettingsChange,
)
from backend.schemas.updates import (
    ClaimedUpdate as ClaimedUpdate,
    ClaimedUpdates as ClaimedUpdates,
    UpdateHandled as UpdateHandled,
)
from backend.schemas.words import (
    ACTOR_AUDIENCE as ACTOR_AUDIENCE,
    BOT_ISSUER as BOT_ISSUER,
    SERVICE_AUDIENCE as SERVICE_AUDIENCE,
    TOKEN_LIFETIME_SECONDS as TOKEN_LIFETIME_SECONDS,
    AmountText as AmountText,
    Model as Model,
    Role as Role,
    TelegramId as TelegramId,
)
