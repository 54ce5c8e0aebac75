"""Personal settings."""

import re
from collections.abc import Mapping
from datetime import time
from typing import Annotated

from pydantic import BeforeValidator, StringConstraints

from backend.schemas.model import Model

CLOCK_TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9](:00)?")

# An IETF tag in small letters, as the bot names its languages: "en", "pt-br".
LanguageTag = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[a-z0-9]{2,8}){0,3}$")]
TimeZoneName = Annotated[str, StringConstraints(min_length=1, max_length=64)]


class QuietHours(Model):
    """From when to when, in the person's own time zone. They may span midnight."""

    begin: time
    end: time


def on_the_clock(hours: object) -> object:
    """Refuse quiet hours that are not two texts HH:MM, or HH:MM:00.

    Seconds and an offset from UTC would be dropped, and a number would be read as seconds.
    """
    if isinstance(hours, Mapping):
        for name in ("begin", "end"):
            if not isinstance(hours.get(name), str) or not CLOCK_TIME.fullmatch(hours[name]):
                raise ValueError(f"{name} is a time of day such as 22:30, in the person's own zone")
    return hours


class PersonalSettings(Model):
    """GET /api/me/settings.

    `language` is the one in force: `chosen_language`, or the Telegram client's where that is None.
    `time_zone` is an IANA name. In `quiet_hours` messages arrive without a sound. `credits` and
    `members`: whether to be notified of other people's top-ups, and of who joins;
    `subscription_credits`: also of what other people's recurring top-ups add. One's own payments,
    money that is being checked and changes of one's own membership are always notified.
    """

    language: str
    chosen_language: str | None
    time_zone: str
    quiet_hours: QuietHours | None
    credits: bool
    subscription_credits: bool
    members: bool


class SettingsChange(Model):
    """PATCH /api/me/settings: what is left out stays as it is.

    `quiet_hours` are times of day as "22:30" ("22:30:00" is the same), without an offset.
    """

    chosen_language: LanguageTag | None = None
    time_zone: TimeZoneName = "UTC"
    quiet_hours: Annotated[QuietHours | None, BeforeValidator(on_the_clock)] = None
    credits: bool = True
    subscription_credits: bool = False
    members: bool = True
