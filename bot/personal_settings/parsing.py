"""Values of settings as they are tapped and typed, and their form for the backend."""

import re
from collections.abc import Set
from typing import Any, Final

from backend.schemas import PersonalSettings, SettingsChange

ON, OFF, AS_IN_TELEGRAM = "on", "off", "telegram"
CLOCK: Final = (
    r"(?P<{0}_hour>[0-9]{{1,2}})(?:[:.h]?(?P<{0}_minute>[0-9]{{2}})|h)? ?(?P<{0}_half>[ap]m)?"
)
FROM: Final = "(?:(?:from|с|со) )?"  # noqa: RUF001 (of our languages, not Latin)
TO: Final = "(?:to|till|until|до|по)"
DASH: Final = "[-\u2010-\u2015\u2212]"  # of all keyboards: hyphens, dashes, a minus
HOURS: Final = re.compile(
    f"{FROM}{CLOCK.format('begin')}(?: ?{DASH} ?| {TO} ){CLOCK.format('end')}", re.IGNORECASE
)
SETTINGS: Final = ("credits", "recurring", "members", "quiet", "timezone", "language")


def is_setting(name: str) -> bool:
    """Return whether a setting has this name in buttons and commands."""
    return name in SETTINGS


def parse_change(name: str, text: str, languages: Set[str]) -> SettingsChange:
    """Parse the tapped or typed value of a setting.

    Raises ValueError for one that is not valid, and for a language that is none of `languages`.
    """
    change = SettingsChange.model_validate(fields_of(name, text))
    if change.chosen_language not in (None, *languages):
        raise ValueError(text)
    return change


def fields_of(name: str, text: str) -> dict[str, Any]:
    """Return the field of a `SettingsChange` that sets a value, not yet validated.

    Raises ValueError for an unknown setting.
    """
    match name:
        case "credits":
            return {"credits": text}
        case "recurring":
            return {"subscription_credits": text}
        case "members":
            return {"members": text}
        case "quiet":
            return {"quiet_hours": parse_hours(text)}
        case "timezone":
            return {"time_zone": text}
        case "language":
            return {"chosen_language": None if text.lower() == AS_IN_TELEGRAM else text.lower()}
        case _:
            raise ValueError(name)


def parse_hours(text: str) -> object:
    """Parse quiet hours: `22:30-7` as begin and end, `off` as None; leave anything else.

    Read as well: 22.30 and 2230, 24 as midnight, 10pm, every dash, "from 22 to 7".
    """
    if text.casefold() == OFF:
        return None
    match = HOURS.fullmatch(" ".join(text.split()))
    if match is None:
        return text
    return {side: time_of_day(match, side) for side in ("begin", "end")}


def time_of_day(match: re.Match[str], side: str) -> str:
    """Return the time of day on one side of HOURS as HH:MM; one that is on no clock as typed."""
    hour, minute = int(match[f"{side}_hour"]), match[f"{side}_minute"] or "00"
    if half := match[f"{side}_half"]:
        if not 1 <= hour <= 12:
            return match[0]
        hour = hour % 12 + (12 if half.casefold() == "pm" else 0)
    if (hour, minute) == (24, "00"):
        hour = 0
    return f"{hour:02}:{minute}"


def format_hours(own: PersonalSettings) -> str:
    """Return quiet hours as they are typed: `22:00-08:00`, or `off`."""
    quiet = own.quiet_hours
    return f"{quiet.begin:%H:%M}-{quiet.end:%H:%M}" if quiet else OFF
