"""Keys of the lines of an organization's audit log."""

from collections.abc import Mapping
from typing import Final

from bot.locales.key import Key


class AuditLog:
    """The list of what was done, and who did it where it was no person."""

    TITLE: Final = Key("audit.title", "organization")
    NONE: Final = Key("audit.none")
    LINE: Final = Key("audit.line", "time", "who", "what")
    SERVICE: Final = Key("audit.service")
    OPERATOR: Final = Key("audit.operator")
    AMOUNT: Final = Key("audit.amount", "amount")
    REFERENCE: Final = Key("audit.reference", "reference")


class Action:
    """What was done; `other` is for an action without a text, named by its code."""

    OTHER: Final = Key("action.other", "action")
    ORGANIZATION_CREATED: Final = Key("action.organization_created")
    ORGANIZATION_RENAMED: Final = Key("action.organization_renamed")
    ACCOUNTING_TIME_ZONE_CHANGED: Final = Key("action.accounting_time_zone_changed")
    BILLING_EMAIL_CHANGED: Final = Key("action.billing_email_changed")
    BILLING_EMAIL_REMOVED: Final = Key("action.billing_email_removed")
    INVITATION_CREATED: Final = Key("action.invitation_created", "role")
    INVITATION_REVOKED: Final = Key("action.invitation_revoked")
    MEMBER_JOINED: Final = Key("action.member_joined", "role")
    MEMBER_LEFT: Final = Key("action.member_left")
    MEMBER_REMOVED: Final = Key("action.member_removed", "about")
    ROLE_CHANGED: Final = Key("action.role_changed", "about", "role")
    PERSON_LINKED: Final = Key("action.person_linked", "about")
    PERSON_UNLINKED: Final = Key("action.person_unlinked", "about")
    PERSON_BLOCKED: Final = Key("action.person_blocked", "about")
    PERSON_UNBLOCKED: Final = Key("action.person_unblocked", "about")
    GROUP_TIED: Final = Key("action.group_tied")
    GROUP_UNTIED: Final = Key("action.group_untied")
    GROUP_ALLOWED: Final = Key("action.group_allowed")
    CARD_CHARGED: Final = Key("action.card_charged")
    METHOD_ADDITION_ORDERED: Final = Key("action.method_addition_ordered")
    METHOD_ADDED: Final = Key("action.method_added", "about")
    METHOD_REMOVAL_ORDERED: Final = Key("action.method_removal_ordered")
    METHOD_DEFAULT_ORDERED: Final = Key("action.method_default_ordered")
    METHOD_REMOVED: Final = Key("action.method_removed")
    METHOD_LABELED: Final = Key("action.method_labeled")
    SUBSCRIPTION_STARTED: Final = Key("action.subscription_started")
    SUBSCRIPTION_CHANGE_REQUESTED: Final = Key("action.subscription_change_requested")
    SUBSCRIPTION_ADOPTED: Final = Key("action.subscription_adopted")
    REFUND_REQUESTED: Final = Key("action.refund_requested")
    REFUND_REFUSED: Final = Key("action.refund_refused")
    REFUND_MADE: Final = Key("action.refund_made")
    REFUND_FAILED: Final = Key("action.refund_failed")
    DISPUTE_OPENED: Final = Key("action.dispute_opened")
    DISPUTE_WITHDRAWN: Final = Key("action.dispute_withdrawn")
    DISPUTE_REINSTATED: Final = Key("action.dispute_reinstated")
    DISPUTE_CLOSED: Final = Key("action.dispute_closed")
    FRAUD_WARNED: Final = Key("action.fraud_warned")
    WALLET_ADJUSTED: Final = Key("action.wallet_adjusted")
    EVENT_RETRIED: Final = Key("action.event_retried")
    EVENT_DISMISSED: Final = Key("action.event_dismissed")
    EVENT_ACCEPTED: Final = Key("action.event_accepted")
    EVENT_ADOPTED: Final = Key("action.event_adopted")


# By `AuditEntry.action`; any other reads as `OTHER`.
AUDIT_ACTIONS: Final[Mapping[str, Key]] = {
    "organization_created": Action.ORGANIZATION_CREATED,
    "organization_renamed": Action.ORGANIZATION_RENAMED,
    "accounting_time_zone_changed": Action.ACCOUNTING_TIME_ZONE_CHANGED,
    "billing_email_changed": Action.BILLING_EMAIL_CHANGED,
    "billing_email_removed": Action.BILLING_EMAIL_REMOVED,
    "invitation_created": Action.INVITATION_CREATED,
    "invitation_revoked": Action.INVITATION_REVOKED,
    "member_joined": Action.MEMBER_JOINED,
    "member_left": Action.MEMBER_LEFT,
    "member_removed": Action.MEMBER_REMOVED,
    "role_changed": Action.ROLE_CHANGED,
    "person_linked": Action.PERSON_LINKED,
    "person_unlinked": Action.PERSON_UNLINKED,
    "person_blocked": Action.PERSON_BLOCKED,
    "person_unblocked": Action.PERSON_UNBLOCKED,
    "group_tied": Action.GROUP_TIED,
    "group_untied": Action.GROUP_UNTIED,
    "group_allowed": Action.GROUP_ALLOWED,
    "card_charged": Action.CARD_CHARGED,
    "method_addition_ordered": Action.METHOD_ADDITION_ORDERED,
    "method_added": Action.METHOD_ADDED,
    "method_removal_ordered": Action.METHOD_REMOVAL_ORDERED,
    "method_default_ordered": Action.METHOD_DEFAULT_ORDERED,
    "method_removed": Action.METHOD_REMOVED,
    "method_labeled": Action.METHOD_LABELED,
    "subscription_started": Action.SUBSCRIPTION_STARTED,
    "subscription_change_requested": Action.SUBSCRIPTION_CHANGE_REQUESTED,
    "subscription_adopted": Action.SUBSCRIPTION_ADOPTED,
    "refund_requested": Action.REFUND_REQUESTED,
    "refund_refused": Action.REFUND_REFUSED,
    "refund_made": Action.REFUND_MADE,
    "refund_failed": Action.REFUND_FAILED,
    "dispute_opened": Action.DISPUTE_OPENED,
    "dispute_withdrawn": Action.DISPUTE_WITHDRAWN,
    "dispute_reinstated": Action.DISPUTE_REINSTATED,
    "dispute_closed": Action.DISPUTE_CLOSED,
    "fraud_warned": Action.FRAUD_WARNED,
    "wallet_adjusted": Action.WALLET_ADJUSTED,
    "event_retried": Action.EVENT_RETRIED,
    "event_dismissed": Action.EVENT_DISMISSED,
    "event_accepted": Action.EVENT_ACCEPTED,
    "event_adopted": Action.EVENT_ADOPTED,
}
