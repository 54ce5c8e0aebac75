"""Values of settings as they are tapped and typed, and their form for the backend."""

import re
from collections.abc import Set
from typing import Any, Final

from backend.schemas import PersonalSettings, SettingsChange

ON, OFF, AS_IN_TELEGRAM = "on", "off", "telegram"
HOURS: Final = re.compile(r"([0-9]{1,2})(?::([0-9]{2}))? ?[-\u2013] ?([0-9]{1,2})(?::([0-9]{2}))?")
SETTINGS: Final = ("credits", "members", "quiet", "timezone", "language")


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
        case "members":
            return {"members": text}
        case "quiet":
            return {"quiet_hours": parse_hours(text)}
        case "timezone":
            return {"time_zone": text}
        case "language":
            return {"chosen_language": None if text == AS_IN_TELEGRAM else text.lower()}
        case _:
            raise ValueError(name)


def parse_hours(text: str) -> object:
    """Parse quiet hours: `22:30-7` as begin and end, `off` as None; leave anything else."""
    if text == OFF:
        return None
    match = HOURS.fullmatch(text)
    if match is None:
        return text
    hour, minute, end_hour, end_minute = (part or "00" for part in match.groups())
    return {"begin": f"{hour:0>2}:{minute}", "end": f"{end_hour:0>2}:{end_minute}"}


def format_hours(own: PersonalSettings) -> str:
    """Return quiet hours as they are typed: `22:00-08:00`, or `off`."""
    quiet = own.quiet_hours
    return f"{quiet.begin:%H:%M}-{quiet.end:%H:%M}" if quiet else OFF
