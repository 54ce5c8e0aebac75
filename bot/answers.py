"""The answers to open questions: which function takes the text that follows a question."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from bot.organizations import accounting, billing, organization
from bot.payment_methods import changes as method_changes
from bot.payments import finding, refunds, topup
from bot.personal_settings import menu
from bot.subscriptions import changes as subscription_changes, start as subscription_start
from bot.telegram.context import BotContext

# By the question's name, as in `context.QuestionName`; it takes the facts of the question.
ANSWERS: Final[Mapping[str, Callable[[Mapping[str, str], BotContext], Awaitable[None]]]] = {
    "topup_amount": topup.amount_written,
    "refund_amount": refunds.amount_written,
    "search": finding.text_written,
    "setting": menu.answer_written,
    "new_organization": organization.new_name_written,
    "organization_name": organization.name_written,
    "accounting_time_zone": accounting.zone_written,
    "billing_email": billing.email_written,
    "subscription_amount": subscription_start.amount_written,
    "changed_subscription_amount": subscription_changes.amount_written,
    "payment_method_label": method_changes.label_written,
}
