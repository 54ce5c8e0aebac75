"""The backend's client: a typed method for each route that the bot calls."""

from bot.backend_api.groups import GroupRoutes
from bot.backend_api.organizations import OrganizationRoutes
from bot.backend_api.payment_methods import PaymentMethodRoutes
from bot.backend_api.payments import PaymentRoutes
from bot.backend_api.people import PersonRoutes
from bot.backend_api.queues import QueueRoutes
from bot.backend_api.subscriptions import SubscriptionRoutes
from bot.backend_api.wallets import WalletRoutes


class BackendClient(
    PersonRoutes,
    OrganizationRoutes,
    GroupRoutes,
    WalletRoutes,
    PaymentRoutes,
    PaymentMethodRoutes,
    SubscriptionRoutes,
    QueueRoutes,
):
    """All routes that the bot calls; those of each noun are in the file of that name.

    `user` is always the Telegram id of the acting person. Every method raises BackendRefusal, with
    the codes that `/openapi.json` lists at its route, or BackendUnavailable.
    """
