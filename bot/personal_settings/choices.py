"""The choices that are offered for a setting, and how they read."""

from collections.abc import Callable, Iterable, Mapping
from typing import Final, NamedTuple

from backend.schemas import PersonalSettings
from bot.locales import keys
from bot.locales.key import Key
from bot.locales.texts import Texts
from bot.locales.translator import Translator
from bot.personal_settings.values import AS_IN_TELEGRAM, OFF, format_hours

USUAL_HOURS: Final = (OFF, "22:00-08:00", "23:00-07:00")
OFFSETS: Final = ((-8, -5, -3, 0), (1, 2, 3, 4), (5, 7, 8, 9))  # hours ahead of UTC
WEST: Final = "Etc/GMT"  # the IANA names count the hours behind UTC


class Page(NamedTuple):
    """The choices for one setting.

    `value_of` is the one that holds, `offered` those on buttons, row by row. Where any other can be
    typed, `question` asks for it. `label` is on the button that leads here, `text` above the
    choices.
    """

    label: Key
    text: Key
    question: Key | None
    value_of: Callable[[PersonalSettings], str]
    offered: Callable[[Texts], Iterable[tuple[str, ...]]]


def offered_hours(_texts: Texts) -> Iterable[tuple[str, ...]]:
    """Return the usual quiet hours."""
    return (USUAL_HOURS,)


def time_zone_of(own: PersonalSettings) -> str:
    """Return the time zone that holds."""
    return own.time_zone


def offered_time_zones(_texts: Texts) -> Iterable[tuple[str, ...]]:
    """Return time zones by their distance from UTC."""
    return (tuple(time_zone_ahead(hours) for hours in row) for row in OFFSETS)


def language_of(own: PersonalSettings) -> str:
    """Return the language that was chosen."""
    return own.chosen_language or AS_IN_TELEGRAM


def offered_languages(texts: Texts) -> Iterable[tuple[str, ...]]:
    """Return every language there is."""
    return ((tag,) for tag in (*sorted(texts.languages), AS_IN_TELEGRAM))


def time_zone_ahead(hours: int) -> str:
    """Return the time zone whose clock is so many hours ahead of UTC's."""
    return f"{WEST}{-hours:+}" if hours else "UTC"


def choice_label(value: str, translator: Translator, texts: Texts) -> str:
    """Return a choice as people read it: a language in itself, an offset as `UTC+3`."""
    if value in texts.languages:
        return texts.translator(value).own_name
    if value == OFF:
        return translator.text(keys.Settings.NO_HOURS)
    if value == AS_IN_TELEGRAM:
        return translator.text(keys.Button.AS_IN_TELEGRAM)
    hours_behind = value.removeprefix(WEST)
    return value if hours_behind == value else f"UTC{-int(hours_behind):+}"


PAGES: Final[Mapping[str, Page]] = {
    "quiet": Page(
        label=keys.Button.QUIET,
        text=keys.Settings.QUIET,
        question=keys.Settings.QUIET_QUESTION,
        value_of=format_hours,
        offered=offered_hours,
    ),
    "timezone": Page(
        label=keys.Button.TIMEZONE,
        text=keys.Settings.TIMEZONE,
        question=keys.Settings.TIMEZONE_QUESTION,
        value_of=time_zone_of,
        offered=offered_time_zones,
    ),
    "language": Page(
        label=keys.Button.LANGUAGE,
        text=keys.Settings.LANGUAGE,
        question=None,
        value_of=language_of,
        offered=offered_languages,
    ),
}
