"""/settings: what a person is told about, when in silence, by which clock, in which language.

One message that changes in place. What can be tapped can be typed as well, in the same words:
`/settings quiet 22:30-07:15`, `/settings timezone Europe/Berlin`, `/settings language ru`.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final

from telegram import InlineKeyboardButton

from backend.schemas import PersonalSettings, QuietHours, SettingsChange
from bot.context import BotContext
from bot.screens import Row, Screen, button
from bot.texts import Texts, Words

OFF, AS_IN_TELEGRAM = "off", "telegram"
HOURS: Final = re.compile(r"([0-9]{1,2})(?::([0-9]{2}))? ?[-\u2013] ?([0-9]{1,2})(?::([0-9]{2}))?")
USUAL_HOURS: Final = ("22:00-08:00", "23:00-07:00")
OFFSETS: Final = ((-8, -5, -3, 0), (1, 2, 3, 4), (5, 7, 8, 9))  # hours east of Greenwich
WHOLE_HOURS_WEST: Final = "Etc/GMT"  # the IANA names count the other way round


def hours_said(said: str) -> object:
    """`22:30-7` as the hours it means; anything else as it is, to be refused."""
    if said == OFF:
        return None
    found = HOURS.fullmatch(said)
    if found is None:
        return said
    hour, minute, end_hour, end_minute = (part or "00" for part in found.groups())
    return {"begin": f"{hour:0>2}:{minute}", "end": f"{end_hour:0>2}:{end_minute}"}


PAGES: Final = {
    "quiet": "button.quiet",
    "timezone": "button.timezone",
    "language": "button.language",
}
QUESTIONS: Final = {
    "quiet": "settings.quiet_question",
    "timezone": "settings.timezone_question",
}
# By the name that is tapped or typed: what it changes, from what was tapped or typed after it.
CHANGES: Final[dict[str, Callable[[str], dict[str, Any]]]] = {
    "credits": lambda said: {"credits": said},
    "members": lambda said: {"members": said},
    "quiet": lambda said: {"quiet_hours": hours_said(said)},
    "timezone": lambda said: {"time_zone": said},
    "language": lambda said: {"chosen_language": None if said == AS_IN_TELEGRAM else said.lower()},
}


async def settings(context: BotContext) -> None:
    """/settings [name value], and the way back from each choice."""
    await context.introduce()
    context.memory.question = None
    match context.text.split(maxsplit=2)[1:]:
        case []:
            await show_page(context.part("page"), context)
        case [name, value] if name in CHANGES:
            await change(name, value, context)
        case _:
            await context.say("settings.usage")


async def language(context: BotContext) -> None:
    """/language [tag]: straight to that choice."""
    await context.introduce()
    context.memory.question = None
    if said := "".join(context.text.split(maxsplit=1)[1:]):
        await change("language", said, context)
    else:
        await show_page("language", context)


async def choice_tapped(context: BotContext) -> None:
    """A choice: it is made, and the message shows all settings as they are now."""
    await context.introduce()
    context.memory.question = None
    await change(context.part("name"), context.part("value"), context)


async def other_tapped(context: BotContext) -> None:
    """None of those offered: ask in the same message; the next message is the answer."""
    await context.introduce()
    name = context.part("name")
    context.memory.question = partial(answer_written, name)
    await context.show(Screen(context.words.say(QUESTIONS[name])))


async def answer_written(name: str, context: BotContext) -> None:
    """What was asked for, which stays asked until it can be."""
    await context.introduce()
    await change(name, context.text.strip(), context)


async def change(name: str, said: str, context: BotContext) -> None:
    """Change one setting, and show them all in the language that holds from now on."""
    try:
        wanted = SettingsChange.model_validate(CHANGES[name](said))
        if wanted.chosen_language not in (None, *context.bot_data.texts.languages):
            raise ValueError(said)
    except ValueError:
        await context.say("settings.usage")
        return
    own = await context.backend.change_settings(context.speaker.id, wanted)
    context.memory.question = None
    context.speak(own.language, own.time_zone)
    await context.show(settings_screen(own, context.words))


async def show_page(page: str, context: BotContext) -> None:
    """All settings (""), or the choices for one of them."""
    own, words = await context.backend.settings(context.speaker.id), context.words
    screens: dict[str, Callable[[PersonalSettings, Words], Screen]] = {
        "quiet": quiet_screen,
        "timezone": time_zone_screen,
        "language": partial(language_screen, texts=context.bot_data.texts),
    }
    await context.show(screens.get(page, settings_screen)(own, words))


def settings_screen(own: PersonalSettings, words: Words) -> Screen:
    """All of them: two switches, and the ways to the other choices."""
    text = words.say(
        "settings.text",
        quiet=hours_text(own.quiet_hours, words),
        zone=zone_text(own.time_zone, words),
        language=words.own_name
        if own.chosen_language
        else words.plain("settings.as_in_telegram", language=words.own_name),
    )
    pages = [button(words.plain(label), f"settings:{page}") for page, label in PAGES.items()]
    switches = ((switch("credits", own.credits, words),), (switch("members", own.members, words),))
    return Screen(text, (*switches, tuple(pages[:2]), tuple(pages[2:])))


def quiet_screen(own: PersonalSettings, words: Words) -> Screen:
    """Off, the usual hours, any others."""
    now = own.quiet_hours and span(own.quiet_hours)
    choices = [choice("quiet", OFF, words.plain("settings.no_hours"), now is None, words)]
    choices += [choice("quiet", hours, hours, hours == now, words) for hours in USUAL_HOURS]
    other = button(words.plain("button.other_hours"), "ask_setting:quiet")
    text = words.say("settings.quiet", time=datetime.now(UTC))
    return Screen(text, ((*choices,), (other,), back(words)))


def time_zone_screen(own: PersonalSettings, words: Words) -> Screen:
    """Whole hours from UTC, or any place."""
    rows = (
        tuple(
            choice("timezone", name, zone_text(name, words), name == own.time_zone, words)
            for name in (zone_east(hours) for hours in row)
        )
        for row in OFFSETS
    )
    other = button(words.plain("button.other_time_zone"), "ask_setting:timezone")
    zone, now = zone_text(own.time_zone, words), datetime.now(UTC)
    return Screen(
        words.say("settings.timezone", zone=zone, time=now), (*rows, (other,), back(words))
    )


def language_screen(own: PersonalSettings, words: Words, texts: Texts) -> Screen:
    """Each language in itself, and as in Telegram."""
    rows = [
        (choice("language", tag, texts.words(tag).own_name, tag == own.chosen_language, words),)
        for tag in sorted(texts.languages)
    ]
    label, chosen = words.plain("button.as_in_telegram"), own.chosen_language is None
    rows.append((choice("language", AS_IN_TELEGRAM, label, chosen, words),))
    return Screen(words.say("settings.language"), (*rows, back(words)))


def switch(name: str, on: bool, words: Words) -> InlineKeyboardButton:
    """What one is told about; a tap turns it over."""
    label = words.plain(f"told.{name}")
    shown = words.plain("button.chosen" if on else "button.not_chosen", choice=label)
    return button(shown, f"set:{name}:{OFF if on else 'on'}")


def choice(name: str, value: str, label: str, chosen: bool, words: Words) -> InlineKeyboardButton:
    """One of several, marked where it holds."""
    shown = words.plain("button.chosen", choice=label) if chosen else label
    return button(shown, f"set:{name}:{value}")


def back(words: Words) -> Row:
    """To all settings."""
    return (button(words.plain("button.back"), "settings"),)


def hours_text(hours: QuietHours | None, words: Words) -> str:
    """From when to when, or that there are none."""
    return span(hours) if hours else words.plain("settings.no_hours")


def span(hours: QuietHours) -> str:
    """As it is typed: `22:00-08:00`."""
    return f"{hours.begin:%H:%M}-{hours.end:%H:%M}"


def zone_east(hours: int) -> str:
    """The IANA name of a clock so many hours ahead of UTC's."""
    return f"{WHOLE_HOURS_WEST}{-hours:+}" if hours else "UTC"


def zone_text(name: str, words: Words) -> str:
    """`UTC+3` for whole hours, else the place."""
    west = name.removeprefix(WHOLE_HOURS_WEST)
    if west == name or not west:
        return name
    return words.plain("settings.offset", hours=f"{-int(west):+}")
