"""Every door for people and engineers: its use case, who may use it, what it refuses.

From this one table come the routes, `/openapi.json` and `/docs`. What a door takes and gives is
what its use case takes and gives: `backend/http/handlers.py` reads it there.
"""

from typing import NamedTuple

from aiohttp import web
from aiohttp.typedefs import Handler
from pydantic import BaseModel

from backend import errors, failures
from backend.errors import PursebotError
from backend.http import statement_download
from backend.http.handlers import UseCase, answering, given_by, taken_by
from backend.http.rate_limits import costly
from backend.organizations import (
    groups,
    invitations,
    people,
    personal_settings,
    service as organizations,
)
from backend.payment_methods import customers, service as cards, setup_links
from backend.payments import attempts, charges, checkout, intents, payment_form, refunds
from backend.schemas import Role
from backend.subscriptions import invoices, packages, service as subscriptions
from backend.wallets import history

GROUP = r"/api/groups/{chat_id:-\d{1,15}}"  # Telegram's ids of groups are negative
ORGANIZATION = "/api/organizations/{id}"
METHODS = "/api/payments/methods"
SUBSCRIPTIONS = "/api/payments/subscriptions"
SUBSCRIPTION = SUBSCRIPTIONS + "/{id}"
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
REFUND: Errors = (
    errors.IdempotencyKeyReused,
    errors.NothingToRefund,
    errors.RefundTooLarge,
    errors.AmountUnreadable,
    errors.AmountAmbiguous,
    errors.AmountTooSmall,
    errors.AmountTooPrecise,
    *STRIPE,
)


class Door(NamedTuple):
    """One line of the table.

    `role` is the least that a member of the organization must be (None: nobody's business but the
    caller's); `refuses` what the rest of the line does not say already; `costs` money or a call to
    Stripe, and so has a limit. Where the answer also comes in another form than JSON, `also` says
    in which, and the door has a `handler` of its own.
    """

    method: str
    path: str
    use_case: UseCase
    status: int = 200
    role: Role | None = None
    refuses: Errors = ()
    costs: bool = False
    handler: Handler | None = None
    also: str = ""

    @property
    def takes(self) -> type[BaseModel] | None:
        """The JSON body or, of a GET, what stands after `?`."""
        return taken_by(self.use_case)

    @property
    def gives(self) -> type[BaseModel] | None:
        """The answer, where there is one."""
        return given_by(self.use_case)

    @property
    def route(self) -> web.RouteDef:
        """As aiohttp takes it."""
        handler = self.handler or answering(self.use_case, self.status)
        return web.route(self.method, self.path, costly(handler) if self.costs else handler)


DOORS = [
    Door("PUT", "/api/me", people.introduce),
    Door("PUT", "/api/me/organization", organizations.choose, role="member"),
    Door("GET", "/api/me/attempt", attempts.show),
    Door("POST", "/api/me/link", people.make_link_code, 201, refuses=(errors.AlreadyLinked,)),
    Door("POST", "/api/me/link/accept", people.link, costs=True,
         refuses=(errors.LinkInvalid, errors.AlreadyLinked, errors.BothHaveHistory)),
    Door("GET", "/api/me/settings", personal_settings.show),
    Door("PATCH", "/api/me/settings", personal_settings.change, refuses=(errors.TimeZoneUnknown,)),
    Door("POST", "/api/payments/checkout", checkout.start, 201, "admin", ORDER, costs=True),
    Door("POST", "/api/payments/create-intent", intents.start, 201, "admin", ORDER, costs=True),
    Door("POST", "/api/payments/payment-intents", intents.start, 201, "admin", ORDER, costs=True),
    Door("POST", "/api/payments/charge", charges.start, 201, "admin",
         (*ORDER, errors.ReferenceUsed, failures.ChargeUnclear), costs=True),
    Door("GET", "/api/payment", cards.listing, 200, "member"),
    Door("POST", "/api/payment", payment_form.act, 201, "admin",
         (*ORDER, errors.ReferenceUsed, errors.CardDeclined, failures.ChargeUnclear), costs=True),
    Door("PUT", "/api/payment", payment_form.change, 200, "admin", STRIPE, costs=True),
    Door("DELETE", "/api/payment", payment_form.remove, 204, "admin", STRIPE, costs=True),
    Door("GET", METHODS, cards.listing, 200, "member"),
    Door("POST", METHODS, setup_links.add, 201, "admin",
         (errors.CardDeclined, errors.IdempotencyKeyReused, *STRIPE), costs=True),
    Door("PUT", METHODS + "/{id}", cards.change, 200, "admin", STRIPE, costs=True),
    Door("DELETE", METHODS + "/{id}", cards.remove, 204, "admin", STRIPE, costs=True),
    Door("POST", METHODS + "/{id}/set-default", cards.set_default, 200, "admin", STRIPE,
         costs=True),
    Door("GET", METHODS + "/links/{id}", setup_links.show, 200, "admin"),
    Door("POST", METHODS + "/links/{id}/check", setup_links.show_checked, 200, "admin", STRIPE,
         costs=True),
    Door("POST", "/api/payments/portal", cards.open_portal, 200, "admin", STRIPE, costs=True),
    Door("GET", "/api/payments", history.payments, 200, "member", (errors.BadCursor,)),
    Door("GET", "/api/payments/packages", packages.listing),
    Door("GET", "/api/payments/invoices", invoices.listing, 200, "admin",
         (errors.BadCursor, *STRIPE), costs=True),
    Door("GET", SUBSCRIPTIONS, subscriptions.listing, 200, "member"),
    Door("POST", SUBSCRIPTIONS, subscriptions.start, 201, "admin",
         (*ORDER, errors.SubscriptionOver, errors.SubscriptionCurrency), costs=True),
    Door("GET", SUBSCRIPTION, subscriptions.show, 200, "member"),
    Door("POST", SUBSCRIPTION + "/check", subscriptions.show_checked, 200, "member", STRIPE,
         costs=True),
    Door("PATCH", SUBSCRIPTION, subscriptions.change, 200, "admin",
         (errors.SubscriptionOver, *errors.tree(errors.AmountRefused), *STRIPE), costs=True),
    Door("DELETE", SUBSCRIPTION, subscriptions.cancel, 200, "admin", STRIPE, costs=True),
    Door("GET", "/api/payments/{id}", checkout.show, 200, "member"),
    Door("POST", "/api/payments/{id}/check", checkout.show_checked, 200, "member", STRIPE,
         costs=True),
    Door("POST", "/api/payments/{id}/cancel", checkout.cancel, 200, "admin",
         (errors.PaymentClosed, *STRIPE), costs=True),
    Door("POST", "/api/payments/{id}/refund", refunds.refund, 201, "admin", REFUND, costs=True),
    Door("POST", "/api/customers", customers.customer, 200, "admin", STRIPE, costs=True),
    Door("GET", "/api/organizations", organizations.listing),
    Door("POST", "/api/organizations", organizations.create, 201, None,
         (errors.SignupClosed, errors.TooManyOrganizations, errors.IdempotencyKeyReused)),
    Door("GET", ORGANIZATION, organizations.show, 200, "member"),
    Door("PATCH", ORGANIZATION, organizations.rename, 200, "owner"),
    Door("GET", ORGANIZATION + "/audit", organizations.audit, 200, "owner", (errors.BadCursor,)),
    Door("GET", ORGANIZATION + "/wallets", history.wallets, 200, "member"),
    Door("GET", ORGANIZATION + "/transactions", history.transactions, 200, "member",
         (errors.BadCursor, errors.CurrencyUnknown)),
    Door("GET", ORGANIZATION + "/statement", history.statement, 200, "member",
         (errors.CurrencyUnknown,), handler=statement_download.download, also="text/csv"),
    Door("GET", ORGANIZATION + "/members", organizations.members, 200, "member"),
    Door("PATCH", MEMBER, organizations.change_role, 200, "owner", (errors.LastOwner,)),
    Door("DELETE", MEMBER, organizations.remove, 204, "member",
         (errors.RoleTooLow, errors.LastOwner)),
    Door("GET", ORGANIZATION + "/invitations", invitations.listing, 200, "admin"),
    Door("POST", ORGANIZATION + "/invitations", invitations.create, 201, "admin",
         (errors.TooManyRequests,)),
    Door("DELETE", INVITATION, invitations.revoke, 204, "admin"),
    Door("POST", "/api/invitations/show", invitations.show, 200, None,
         (errors.InvitationInvalid,), costs=True),
    Door("POST", "/api/invitations/accept", invitations.accept, 200, None,
         (errors.InvitationInvalid,), costs=True),
    Door("GET", GROUP, groups.show, 200, "member"),
    Door("PUT", GROUP, groups.tie, 200, "owner"),
    Door("PATCH", GROUP, groups.allow, 200, "owner"),
    Door("GET", GROUP + "/balance", groups.balance, 200, "member"),
]  # fmt: skip
