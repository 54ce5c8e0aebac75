"""Keys of sentences about subscriptions, which the chat calls recurring top-ups."""

from collections.abc import Mapping
from typing import Final

from bot.locales.key import Key


class Subscription:
    """Sentences and notifications of /recurring."""

    TITLE: Final = Key("recurring.title", "organization")
    NONE: Final = Key("recurring.none", "organization")
    NEW: Final = Key("recurring.new", "organization", "interval")
    HOW: Final = Key("recurring.how", "what", "interval", "organization")
    LINE: Final = Key("recurring.line", "amount", "interval", "status")
    PACKAGE: Final = Key("recurring.package", "package")
    CARD: Final = Key("recurring.card", "card")
    ENDS: Final = Key("recurring.ends", "end")
    DECLINED: Final = Key("recurring.declined", "card")
    INCOMPLETE: Final = Key("recurring.incomplete")
    ACTIVE: Final = Key("recurring.active", "day")
    LAST_PERIOD: Final = Key("recurring.last_period", "end")
    ENDS_LATER: Final = Key("recurring.ends_later", "end")
    PAST_DUE: Final = Key("recurring.past_due")
    PAUSED: Final = Key("recurring.paused")
    CANCELED: Final = Key("recurring.canceled")
    CHANGE: Final = Key("recurring.change", "amount", "interval", "day")
    SURE: Final = Key("recurring.sure", "organization", "amount", "new", "interval")
    END: Final = Key("recurring.end", "amount", "interval", "organization")
    BEGAN: Final = Key("recurring.began", "organization", "amount", "interval")
    ENDED: Final = Key("recurring.ended", "amount", "interval", "organization")
    HELD: Final = Key("recurring.held", "amount", "interval", "organization")
    RESUMED: Final = Key("recurring.resumed", "amount", "interval", "organization")
    CHANGED: Final = Key("recurring.changed", "organization", "amount", "interval")
    ENDING: Final = Key("recurring.ending", "amount", "interval", "organization", "end")
    NOT_ENDING: Final = Key("recurring.kept", "amount", "interval", "organization")
    FAILED: Final = Key("recurring.failed", "amount", "interval", "organization")
    ACTION_REQUIRED: Final = Key("recurring.action_required", "amount", "interval", "organization")


class SubscriptionStatusName:
    """Names of a subscription's status."""

    INCOMPLETE: Final = Key("subscription.incomplete")
    ACTIVE: Final = Key("subscription.active")
    PAST_DUE: Final = Key("subscription.past_due")
    PAUSED: Final = Key("subscription.paused")
    CANCELED: Final = Key("subscription.canceled")


class IntervalName:
    """Names of intervals, as a part of a sentence."""

    WEEK: Final = Key("interval.week")
    MONTH: Final = Key("interval.month")


class SubscriptionAction:
    """Labels of the buttons that act on a subscription."""

    VIEW: Final = Key("act.look")
    CHANGE: Final = Key("act.change")
    PAUSE: Final = Key("act.pause")
    RESUME: Final = Key("act.resume")
    END: Final = Key("act.end")
    KEEP: Final = Key("act.keep")


SUBSCRIPTION_STATUS_NAMES: Final[Mapping[str, Key]] = {
    "incomplete": SubscriptionStatusName.INCOMPLETE,
    "active": SubscriptionStatusName.ACTIVE,
    "past_due": SubscriptionStatusName.PAST_DUE,
    "paused": SubscriptionStatusName.PAUSED,
    "canceled": SubscriptionStatusName.CANCELED,
}
SUBSCRIPTION_MESSAGES: Final[Mapping[str, Key]] = {
    "incomplete": Subscription.INCOMPLETE,
    "active": Subscription.ACTIVE,
    "past_due": Subscription.PAST_DUE,
    "paused": Subscription.PAUSED,
    "canceled": Subscription.CANCELED,
}
INTERVAL_NAMES: Final[Mapping[str, Key]] = {
    "week": IntervalName.WEEK,
    "month": IntervalName.MONTH,
}
# By the fact `news` of a notification of kind `recurring`.
SUBSCRIPTION_NOTIFICATIONS: Final[Mapping[str, Key]] = {
    "began": Subscription.BEGAN,
    "ended": Subscription.ENDED,
    "held": Subscription.HELD,
    "resumed": Subscription.RESUMED,
    "changed": Subscription.CHANGED,
    "ending": Subscription.ENDING,
    "kept": Subscription.NOT_ENDING,
    "failed": Subscription.FAILED,
    "action_required": Subscription.ACTION_REQUIRED,
}
