"""A fake backend for the bot's tests: its documented routes, and a memory.

It is no second description of the backend. The routes come from the backend's OpenAPI document;
requests are parsed, answers validated and refusals found by what the document has for their route,
so that the fake cannot answer what the backend would not. It decides little by itself, only what
the bot's conversations need; the backend's decisions are tested in `tests/backend`, and with the
bot before it in `tests/bot/payment_methods`, `subscriptions`, `payments/test_charges.py`,
`tests/cases` and `tests/e2e`.

Why not the real backend throughout: each of these tests would copy a database and start a local
Stripe, which is a second more on a small machine, for about 170 tests; and many need answers that a
healthy backend does not give (a crash, a refusal, a notification of a certain kind).
"""

from tests.bot.fake_backend.examples import (
    ACME,
    ANA,
    BEN,
    EVE,
    GLOBEX,
    LINK,
    NOON,
    SECRET,
    euros,
    membership,
    notification,
    payment,
    refund,
    statement,
    subscription,
    topups,
)
from tests.bot.fake_backend.groups import GroupAnswers
from tests.bot.fake_backend.organizations import OrganizationAnswers
from tests.bot.fake_backend.payments import PaymentAnswers
from tests.bot.fake_backend.people import PersonAnswers
from tests.bot.fake_backend.queues import QueueAnswers
from tests.bot.fake_backend.server import Answer
from tests.bot.fake_backend.wallets import WalletAnswers

__all__ = [
    "ACME", "ANA", "BEN", "EVE", "GLOBEX", "LINK", "NOON", "SECRET", "FakeBackend", "euros",
    "membership", "notification", "payment", "refund", "statement", "subscription", "topups",
]  # fmt: skip


class FakeBackend(
    PersonAnswers, OrganizationAnswers, GroupAnswers, WalletAnswers, PaymentAnswers, QueueAnswers
):
    """Answers from its memory; a test fills the memory, and reads how the bot changed it."""

    def answers(self) -> dict[str, Answer]:
        """Return the function that answers each documented route."""
        return {
            "PUT /api/me": self.introduce,
            "PUT /api/me/organization": self.set_default_organization,
            "GET /api/me/attempt": self.get_key_result,
            "GET /api/me/settings": self.get_settings,
            "PATCH /api/me/settings": self.change_settings,
            "POST /api/me/link/accept": self.accept_link,
            "DELETE /api/me/link": self.undo_link,
            "POST /api/organizations": self.create_organization,
            "PATCH /api/organizations/{id}": self.rename_organization,
            "PATCH /api/organizations/{id}/accounting": self.set_accounting_time_zone,
            "GET /api/organizations/{id}/billing": self.get_billing,
            "PATCH /api/organizations/{id}/billing": self.set_billing,
            "GET /api/organizations/{id}/members": self.list_members,
            "PATCH /api/organizations/{id}/members/{user_id}": self.change_role,
            "DELETE /api/organizations/{id}/members/{user_id}": self.remove_member,
            "POST /api/organizations/{id}/invitations": self.create_invitation,
            "DELETE /api/organizations/{id}/invitations/{invitation_id}": self.revoke_invitation,
            "POST /api/invitations/accept": self.accept_invitation,
            "GET /api/groups/{chat_id}": self.get_group,
            "PUT /api/groups/{chat_id}": self.tie_group,
            "PATCH /api/groups/{chat_id}": self.change_group_permissions,
            "GET /api/groups/{chat_id}/balance": self.get_group_balance,
            "GET /api/organizations/{id}/transactions": self.list_transactions,
            "GET /api/organizations/{id}/statement": self.get_statement,
            "POST /api/payments/checkout": self.create_checkout,
            "GET /api/payments": self.list_payments,
            "GET /api/payments/{id}": self.get_payment,
            "GET /api/payments/{id}/receipt": self.get_receipt,
            "POST /api/payments/{id}/check": self.get_payment,
            "POST /api/payments/{id}/cancel": self.cancel_payment,
            "POST /api/payments/{id}/refund": self.create_refund,
            "GET /api/payments/methods": self.list_payment_methods,
            "GET /api/payments/packages": self.list_packages,
            "GET /api/payments/subscriptions": self.list_subscriptions,
        }
