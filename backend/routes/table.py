"""Every door for people and engineers: what it takes and gives, who may use it, what it refuses.

From this one table come the routes, `/openapi.json` and `/docs`.
"""

from typing import NamedTuple

from aiohttp import web
from aiohttp.typedefs import Handler
from pydantic import BaseModel

from backend import errors, failures, schemas
from backend.errors import PursebotError
from backend.routes import groups, invitations, me, members, organizations, payments, wallets
from backend.routes.limiter import costly
from backend.schemas import Role

GROUP = r"/api/groups/{chat_id:-\d{1,15}}"  # Telegram's ids of groups are negative
ORGANIZATION = "/api/organizations/{id}"
MEMBER = ORGANIZATION + "/members/{user_id}"
INVITATION = ORGANIZATION + "/invitations/{invitation_id}"

Errors = tuple[type[PursebotError], ...]
STRIPE: Errors = (failures.StripeRefused, failures.StripeUnavailable)
ORDER: Errors = (
    errors.IdempotencyKeyReused,
    errors.PaymentClosed,
    *errors.tree(errors.AmountRefused),
    *STRIPE,
)


class Door(NamedTuple):
    """One line of the table.

    `takes` is the JSON body or, of a GET, what stands after `?`; `role` the least that a member of
    the organization must be (None: nobody's business but the caller's); `refuses` what the rest of
    the line does not say already; `costs` money or a call to Stripe, and so has a limit; `also` is
    in which other form the answer comes.
    """

    method: str
    path: str
    handler: Handler
    takes: type[BaseModel] | None
    gives: type[BaseModel] | None
    status: int = 200
    role: Role | None = None
    refuses: Errors = ()
    costs: bool = False
    also: str = ""

    @property
    def route(self) -> web.RouteDef:
        """As aiohttp takes it."""
        handler = costly(self.handler) if self.costs else self.handler
        return web.route(self.method, self.path, handler)


DOORS = [
    Door("PUT", "/api/me", me.introduce, schemas.Introduction, schemas.Me),
    Door("PUT", "/api/me/organization", me.choose_organization, schemas.OrganizationChoice,
         schemas.Me, role="member"),
    Door("POST", "/api/me/link", me.make_link_code, None, schemas.LinkCode, 201,
         refuses=(errors.AlreadyLinked,)),
    Door("POST", "/api/me/link/accept", me.link, schemas.CodeRequest, schemas.Me, costs=True,
         refuses=(errors.LinkInvalid, errors.AlreadyLinked, errors.BothHaveHistory)),
    Door("GET", "/api/me/settings", me.show_settings, None, schemas.PersonalSettings),
    Door("PATCH", "/api/me/settings", me.change_settings, schemas.SettingsChange,
         schemas.PersonalSettings, refuses=(errors.TimeZoneUnknown,)),
    Door("POST", "/api/payments/checkout", payments.checkout, schemas.CheckoutRequest,
         schemas.Checkout, 201, "admin", ORDER, costs=True),
    Door("POST", "/api/payments/create-intent", payments.create_intent, schemas.PaymentRequest,
         schemas.Intent, 201, "admin", ORDER, costs=True),
    Door("POST", "/api/payments/payment-intents", payments.create_intent, schemas.PaymentRequest,
         schemas.Intent, 201, "admin", ORDER, costs=True),
    Door("GET", "/api/payments", payments.index, schemas.PaymentsQuery, schemas.Payments, 200,
         "member", (errors.BadCursor,)),
    Door("GET", "/api/payments/{id}", payments.show, None, schemas.Payment, 200, "member"),
    Door("POST", "/api/payments/{id}/check", payments.check, None, schemas.Payment, 200, "member",
         STRIPE, costs=True),
    Door("POST", "/api/payments/{id}/cancel", payments.cancel, None, schemas.Payment, 200, "admin",
         (errors.PaymentClosed, *STRIPE), costs=True),
    Door("POST", "/api/customers", payments.customer, schemas.CustomerRequest, schemas.Customer,
         200, "admin", STRIPE, costs=True),
    Door("GET", "/api/organizations", organizations.index, None, schemas.Organizations),
    Door("POST", "/api/organizations", organizations.create, schemas.OrganizationRequest,
         schemas.Organization, 201, None,
         (errors.SignupClosed, errors.TooManyOrganizations, errors.IdempotencyKeyReused)),
    Door("GET", ORGANIZATION, organizations.show, None, schemas.Organization, 200, "member"),
    Door("PATCH", ORGANIZATION, organizations.rename, schemas.OrganizationRequest,
         schemas.Organization, 200, "owner"),
    Door("GET", ORGANIZATION + "/audit", organizations.audit, schemas.AuditQuery,
         schemas.AuditEntries, 200, "owner", (errors.BadCursor,)),
    Door("GET", ORGANIZATION + "/wallets", wallets.index, None, schemas.Wallets, 200, "member"),
    Door("GET", ORGANIZATION + "/transactions", wallets.transactions, schemas.TransactionsQuery,
         schemas.Transactions, 200, "member", (errors.BadCursor, errors.CurrencyUnknown)),
    Door("GET", ORGANIZATION + "/statement", wallets.statement, schemas.StatementQuery,
         schemas.Statement, 200, "member", (errors.CurrencyUnknown,), also="text/csv"),
    Door("GET", ORGANIZATION + "/members", members.index, None, schemas.Members, 200, "member"),
    Door("PATCH", MEMBER, members.change_role, schemas.RoleRequest, schemas.Member, 200, "owner",
         (errors.LastOwner,)),
    Door("DELETE", MEMBER, members.remove, None, None, 204, "member",
         (errors.RoleTooLow, errors.LastOwner)),
    Door("GET", ORGANIZATION + "/invitations", invitations.index, None, schemas.Invitations, 200,
         "admin"),
    Door("POST", ORGANIZATION + "/invitations", invitations.create, schemas.InvitationRequest,
         schemas.Invitation, 201, "admin", (errors.TooManyRequests,)),
    Door("DELETE", INVITATION, invitations.revoke, None, None, 204, "admin"),
    Door("POST", "/api/invitations/show", invitations.show, schemas.CodeRequest, schemas.Invitation,
         200, None, (errors.InvitationInvalid,), costs=True),
    Door("POST", "/api/invitations/accept", invitations.accept, schemas.CodeRequest,
         schemas.Organization, 200, None, (errors.InvitationInvalid,), costs=True),
    Door("GET", GROUP, groups.show, None, schemas.Group, 200, "member"),
    Door("PUT", GROUP, groups.tie, schemas.GroupTie, schemas.Group, 200, "owner"),
    Door("PATCH", GROUP, groups.allow, schemas.GroupPermissions, schemas.Group, 200, "owner"),
    Door("GET", GROUP + "/balance", groups.balance, None, schemas.GroupBalance, 200, "member"),
]  # fmt: skip
