"""The values offered for a setting, and the label of each value."""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Final, NamedTuple

from backend.schemas import PersonalSettings
from bot.locales import keys
from bot.locales.key import Key
from bot.locales.texts import Texts
from bot.locales.translator import Translator
from bot.personal_settings.parsing import AS_IN_TELEGRAM, OFF, format_hours

USUAL_HOURS: Final = (OFF, "22:00-08:00", "23:00-07:00")
OFFSETS: Final = ((-8, -5, -3, 0), (1, 2, 3, 4), (5, 7, 8, 9))  # hours ahead of UTC
# These names count the hours behind UTC: see the file `etcetera` of the IANA database.
HOURS_BEHIND: Final = re.compile(r"Etc/GMT([+-]?[0-9]{1,2})")


class Page(NamedTuple):
    """The choices for one setting.

    `label` is on the button that leads to the page, `text` above the choices. `question` asks for a
    typed value; None where only the offered ones are accepted. `value_of` reads the value in force,
    `offered` are the values on buttons, row by row, and `label_of` returns the label of any value
    that the backend may answer: it raises nothing, else the setting could not be corrected.
    """

    label: Key
    text: Key
    question: Key | None
    value_of: Callable[[PersonalSettings], str]
    offered: Callable[[Texts], Iterable[tuple[str, ...]]]
    label_of: Callable[[str, Translator, Texts], str]


def offered_hours(_texts: Texts) -> Iterable[tuple[str, ...]]:
    """Return the usual quiet hours."""
    return (USUAL_HOURS,)


def time_zone_of(own: PersonalSettings) -> str:
    """Return the time zone in force."""
    return own.time_zone


def offered_time_zones(_texts: Texts) -> Iterable[tuple[str, ...]]:
    """Return time zones by their distance from UTC."""
    return (tuple(time_zone_ahead(hours) for hours in row) for row in OFFSETS)


def language_of(own: PersonalSettings) -> str:
    """Return the language that the person chose."""
    return own.chosen_language or AS_IN_TELEGRAM


def offered_languages(texts: Texts) -> Iterable[tuple[str, ...]]:
    """Return all languages of the bot, and the choice to follow Telegram's."""
    return ((tag,) for tag in (*sorted(texts.languages), AS_IN_TELEGRAM))


def time_zone_ahead(hours: int) -> str:
    """Return the IANA name of the time zone that is `hours` ahead of UTC."""
    return f"Etc/GMT{-hours:+}" if hours else "UTC"


def hours_label(value: str, translator: Translator, _texts: Texts) -> str:
    """Return the label of quiet hours: "22:00-08:00", or the word for none."""
    return translator.text(keys.Settings.NO_HOURS) if value == OFF else value


def time_zone_label(value: str, _translator: Translator, _texts: Texts) -> str:
    """Return the label of a time zone."""
    return zone_label(value)


def zone_label(value: str) -> str:
    """Return the label of a time zone: "UTC+3" for a fixed offset, else its IANA name."""
    match = HOURS_BEHIND.fullmatch(value)
    return f"UTC{-int(match[1]):+}" if match else value


def language_label(value: str, translator: Translator, texts: Texts) -> str:
    """Return a language's name in itself; the tag where the bot does not have the language."""
    if value == AS_IN_TELEGRAM:
        return translator.text(keys.Button.AS_IN_TELEGRAM)
    return texts.translator(value).own_name if value in texts.languages else value


PAGES: Final[Mapping[str, Page]] = {
    "quiet": Page(
        label=keys.Button.QUIET,
        text=keys.Settings.QUIET,
        question=keys.Settings.QUIET_QUESTION,
        value_of=format_hours,
        offered=offered_hours,
        label_of=hours_label,
    ),
    "timezone": Page(
        label=keys.Button.TIMEZONE,
        text=keys.Settings.TIMEZONE,
        question=keys.Settings.TIMEZONE_QUESTION,
        value_of=time_zone_of,
        offered=offered_time_zones,
        label_of=time_zone_label,
    ),
    "language": Page(
        label=keys.Button.LANGUAGE,
        text=keys.Settings.LANGUAGE,
        question=None,
        value_of=language_of,
        offered=offered_languages,
        label_of=language_label,
    ),
}
