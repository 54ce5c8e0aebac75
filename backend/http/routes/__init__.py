"""All routes for people and engineers, in the order in which aiohttp matches them."""

from backend.http.route import Route
from backend.http.routes.groups import GROUPS
from backend.http.routes.invitations import INVITATIONS
from backend.http.routes.organizations import ORGANIZATIONS
from backend.http.routes.payment_form import PAYMENT_FORM
from backend.http.routes.payment_methods import PAYMENT_METHODS
from backend.http.routes.payments import PAYMENTS
from backend.http.routes.people import PEOPLE
from backend.http.routes.subscriptions import SUBSCRIPTIONS
from backend.http.routes.wallets import WALLETS

# `/api/payments/{id}` comes after the paths with a fixed word in that place.
ROUTES: list[Route] = [
    *PEOPLE,
    *PAYMENT_FORM,
    *PAYMENT_METHODS,
    *SUBSCRIPTIONS,
    *PAYMENTS,
    *ORGANIZATIONS,
    *WALLETS,
    *INVITATIONS,
    *GROUPS,
]
