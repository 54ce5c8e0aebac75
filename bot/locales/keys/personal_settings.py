"""Keys of sentences about personal settings."""

from typing import Final

from bot.locales.key import Key


class Settings:
    """Sentences of /settings and /language."""

    TEXT: Final = Key("settings.text", "quiet", "timezone", "language")
    QUIET: Final = Key("settings.quiet", "time")
    QUIET_QUESTION: Final = Key("settings.quiet_question")
    NO_HOURS: Final = Key("settings.no_hours")
    TIMEZONE: Final = Key("settings.timezone", "now", "time")
    TIMEZONE_QUESTION: Final = Key("settings.timezone_question")
    LANGUAGE: Final = Key("settings.language")
    AS_IN_TELEGRAM: Final = Key("settings.as_in_telegram", "language")
    USAGE: Final = Key("settings.usage")


class NotificationSetting:
    """Labels of the notifications that can be switched off."""

    CREDITS: Final = Key("told.credits")
    SUBSCRIPTION_CREDITS: Final = Key("told.subscription_credits")
    MEMBERS: Final = Key("told.members")
