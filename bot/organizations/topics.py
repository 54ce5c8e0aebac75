"""The notification that a group's topic cannot be written in any more."""

from typing import Final

from backend.schemas import Notification
from bot.locales import keys
from bot.locales.key import Key
from bot.locales.translator import Translator, short
from bot.telegram.screens import Screen

SENTENCES: Final[dict[str, Key]] = {
    "general": keys.Topic.GENERAL,
    "nowhere": keys.Topic.NOWHERE,
}


def topic_closed_screen(notification: Notification, translator: Translator) -> Screen:
    """Return what owners read when the topic of their group's announcements is closed or deleted.

    The notification's facts are `organization_name` and `announced`: where they go from now on.
    """
    facts = {name: str(value) for name, value in notification.facts.items()}
    organization = short(facts["organization_name"])
    key = SENTENCES[facts["announced"]]
    return Screen(translator.html(key, organization=organization))
