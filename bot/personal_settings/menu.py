"""/settings: what a person is told about, when in silence, by which clock, in which language.

One message that changes in place. What can be tapped can be typed as well, in the same words:
`/settings quiet 22:30-07:15`, `/settings timezone Europe/Berlin`, `/settings language ru`.
"""

import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final, NamedTuple

from telegram import InlineKeyboardButton

from backend.schemas import PersonalSettings, SettingsChange
from bot.locales.texts import Texts, Words
from bot.telegram.context import BotContext, BotRefusal
from bot.telegram.screens import Screen, back_button, button

ON, OFF, AS_IN_TELEGRAM = "on", "off", "telegram"
HOURS: Final = re.compile(r"([0-9]{1,2})(?::([0-9]{2}))? ?[-\u2013] ?([0-9]{1,2})(?::([0-9]{2}))?")
USUAL_HOURS: Final = (OFF, "22:00-08:00", "23:00-07:00")
OFFSETS: Final = ((-8, -5, -3, 0), (1, 2, 3, 4), (5, 7, 8, 9))  # hours ahead of UTC
WEST: Final = "Etc/GMT"  # the IANA names count the hours behind UTC

# By the name that is tapped or typed: what it changes, from what was tapped or typed after it.
CHANGES: Final[dict[str, Callable[[str], dict[str, Any]]]] = {
    "credits": lambda said: {"credits": said},
    "members": lambda said: {"members": said},
    "quiet": lambda said: {"quiet_hours": hours_said(said)},
    "timezone": lambda said: {"time_zone": said},
    "language": lambda said: {"chosen_language": None if said == AS_IN_TELEGRAM else said.lower()},
}


class Page(NamedTuple):
    """The choices for one setting: which holds now, those offered, whether another can be named."""

    now: Callable[[PersonalSettings], str]
    offered: Callable[[Texts], Iterable[tuple[str, ...]]]
    others: bool = True


PAGES: Final = {
    "quiet": Page(lambda own: hours_of(own), lambda _: [USUAL_HOURS]),
    "timezone": Page(
        lambda own: own.time_zone,
        lambda _: (tuple(ahead(hours) for hours in row) for row in OFFSETS),
    ),
    "language": Page(
        lambda own: own.chosen_language or AS_IN_TELEGRAM,
        lambda texts: ((tag,) for tag in (*sorted(texts.languages), AS_IN_TELEGRAM)),
        others=False,
    ),
}


async def settings(context: BotContext) -> None:
    """/settings [name value], and the way back from each choice."""
    await context.introduce()
    match context.text.split(maxsplit=2)[1:]:
        case []:
            await show(context.part("page"), context)
        case [name, value] if name in CHANGES:
            await change(name, value, context)
        case _:
            raise BotRefusal("settings.usage")


async def language(context: BotContext) -> None:
    """/language [tag]: straight to that choice."""
    await context.introduce()
    if said := "".join(context.text.split(maxsplit=1)[1:]):
        await change("language", said, context)
    else:
        await show("language", context)


async def choice_tapped(context: BotContext) -> None:
    """A choice: it is made, and the message shows all settings as they are now."""
    await context.introduce()
    await change(context.part("name"), context.part("value"), context)


async def other_tapped(context: BotContext) -> None:
    """None of those offered: ask in the same message; the next message is the answer."""
    await context.introduce()
    name = context.part("name")
    context.memory.question = partial(answer_written, name)
    await context.show(Screen(context.words.say(f"settings.{name}_question")))


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
    except ValueError as error:
        raise BotRefusal("settings.usage") from error
    own = await context.backend.change_settings(context.speaker.id, wanted)
    context.memory.question = None
    context.speak(own.language, own.time_zone)
    await context.show(settings_screen(own, context.words, context.bot_data.texts))


async def show(page: str, context: BotContext) -> None:
    """All settings (""), or the choices for one of them."""
    own, texts = await context.backend.get_settings(context.speaker.id), context.bot_data.texts
    if page:
        await context.show(page_screen(page, own, context.words, texts))
    else:
        await context.show(settings_screen(own, context.words, texts))


def settings_screen(own: PersonalSettings, words: Words, texts: Texts) -> Screen:
    """All of them: two switches, and the ways to the other choices."""
    now = {name: label(page.now(own), words, texts) for name, page in PAGES.items()}
    if own.chosen_language is None:
        now["language"] = words.plain("settings.as_in_telegram", language=words.own_name)
    quiet, zone, language = (
        button(words.plain(f"button.{name}"), f"settings:{name}") for name in PAGES
    )
    switches = ((switch("credits", own.credits, words),), (switch("members", own.members, words),))
    return Screen(words.say("settings.text", **now), (*switches, (quiet, zone), (language,)))


def page_screen(name: str, own: PersonalSettings, words: Words, texts: Texts) -> Screen:
    """The choices for one setting, the one that holds marked."""
    page = PAGES[name]
    now = page.now(own)

    def choice(value: str) -> InlineKeyboardButton:
        said = label(value, words, texts)
        shown = words.plain("button.chosen", choice=said) if value == now else said
        return button(shown, f"set:{name}:{value}")

    rows = [tuple(choice(value) for value in row) for row in page.offered(texts)]
    if page.others:
        rows.append((button(words.plain("button.other"), f"ask_setting:{name}"),))
    rows.append((back_button("settings", words),))
    text = words.say(f"settings.{name}", now=label(now, words, texts), time=datetime.now(UTC))
    return Screen(text, tuple(rows))


def switch(name: str, on: bool, words: Words) -> InlineKeyboardButton:
    """What one is told about; a tap turns it over."""
    mark, other = ("button.chosen", OFF) if on else ("button.not_chosen", ON)
    shown = words.plain(mark, choice=words.plain(f"told.{name}"))
    return button(shown, f"set:{name}:{other}")


def label(value: str, words: Words, texts: Texts) -> str:
    """A choice as people read it: a language in itself, an offset as `UTC+3`."""
    if value in texts.languages:
        return texts.words(value).own_name
    if value in (OFF, AS_IN_TELEGRAM):
        return words.plain("settings.no_hours" if value == OFF else "button.as_in_telegram")
    behind = value.removeprefix(WEST)
    return f"UTC{-int(behind):+}" if behind != value else value


def hours_said(said: str) -> object:
    """`22:30-7` as the hours it means; anything else as it is, to be refused."""
    if said == OFF:
        return None
    found = HOURS.fullmatch(said)
    if found is None:
        return said
    hour, minute, end_hour, end_minute = (part or "00" for part in found.groups())
    return {"begin": f"{hour:0>2}:{minute}", "end": f"{end_hour:0>2}:{end_minute}"}


def hours_of(own: PersonalSettings) -> str:
    """As they are typed: `22:00-08:00`, or `off`."""
    quiet = own.quiet_hours
    return f"{quiet.begin:%H:%M}-{quiet.end:%H:%M}" if quiet else OFF


def ahead(hours: int) -> str:
    """The time zone whose clock is so many hours ahead of UTC's."""
    return f"{WEST}{-hours:+}" if hours else "UTC"
