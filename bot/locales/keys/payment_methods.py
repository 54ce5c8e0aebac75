"""Keys of sentences about payment methods, which the chat calls cards."""

from collections.abc import Mapping
from typing import Final

from bot.locales.key import Key


class PaymentMethods:
    """Sentences of /cards."""

    MORE: Final = Key("cards.more", "count")
    TITLE: Final = Key("cards.title", "organization")
    NONE: Final = Key("cards.none", "organization")
    NAME: Final = Key("cards.name", "card")
    LABELED: Final = Key("cards.labeled", "label")
    DEFAULT: Final = Key("cards.default")
    GOOD: Final = Key("cards.good", "until")
    EXPIRING: Final = Key("cards.expiring", "until")
    EXPIRED: Final = Key("cards.expired", "until")
    ADDED_BY: Final = Key("cards.added_by", "name")
    LABEL: Final = Key("cards.label", "card")
    LABEL_TOO_LONG: Final = Key("cards.label_too_long", "count")
    REMOVE: Final = Key("cards.remove", "card")
    PAYS: Final = Key("cards.pays", "amount", "interval")
    STAYS: Final = Key("cards.kept", "card")
    PORTAL: Final = Key("cards.portal", "organization")
    LINK: Final = Key("cards.link", "url")
    NUMBER: Final = Key("cards.number")
    NUMBER_DELETED: Final = Key("cards.number_deleted")


class SetupLink:
    """The message of a setup link, by its state."""

    OPEN: Final = Key("card_link.open", "organization", "until")
    ADDED: Final = Key("card_link.added", "card", "organization")
    ALREADY_ADDED: Final = Key("card_link.known", "card")
    EXPIRED: Final = Key("card_link.expired", "organization")


class PaymentMethodNotification:
    """Notifications of changed payment methods."""

    ADDED: Final = Key("card_news.added", "name", "card", "organization_name")
    REMOVED: Final = Key("card_news.removed", "name", "card", "organization_name")
    REMOVED_BY_ITSELF: Final = Key("card_news.removed_by_itself", "card", "organization_name")
    EXPIRING: Final = Key("card_news.expiring", "card", "organization_name")
    LEFT: Final = Key("card_news.left", "name", "card", "organization_name")


SETUP_LINKS: Final[Mapping[str, Key]] = {
    "open": SetupLink.OPEN,
    "added": SetupLink.ADDED,
    "known": SetupLink.ALREADY_ADDED,
    "expired": SetupLink.EXPIRED,
}
# By the fact `happened` of a notification of kind `method_news`.
PAYMENT_METHOD_NOTIFICATIONS: Final[Mapping[str, Key]] = {
    "added": PaymentMethodNotification.ADDED,
    "removed": PaymentMethodNotification.REMOVED,
    "expiring": PaymentMethodNotification.EXPIRING,
    "left": PaymentMethodNotification.LEFT,
}
