"""/settings and /language: notifications, quiet hours, time zone, language.

They are one message that changes in place. What can be tapped can be typed in the same words:
`/settings quiet 22:30-07:15`, `/settings timezone Europe/Berlin`, `/settings language ru`.
"""

from collections.abc import Mapping
from datetime import UTC, datetime

from telegram import InlineKeyboardButton

from backend.schemas import PersonalSettings
from bot.locales import keys
from bot.locales.key import Key
from bot.locales.texts import Texts
from bot.locales.translator import Translator
from bot.personal_settings.labels import PAGES
from bot.personal_settings.parsing import OFF, ON, is_setting, parse_change
from bot.telegram.context import BotContext
from bot.telegram.refusals import BotRefusal
from bot.telegram.screens import Screen, back_button, button


async def settings(context: BotContext) -> None:
    """Answer /settings [name value], and the buttons back to it.

    Raises BotRefusal for wrong arguments.
    """
    await context.introduce()
    match context.text.split(maxsplit=2)[1:]:
        case []:
            await show(context.part("page"), context)
        case [name, value] if is_setting(name):
            await change(name, value, context)
        case _:
            raise BotRefusal(keys.Settings.USAGE)


async def language(context: BotContext) -> None:
    """Answer /language [tag]: change the language, or show the choices."""
    await context.introduce()
    if context.arguments:
        await change("language", context.arguments, context)
    else:
        await show("language", context)


async def choice_tapped(context: BotContext) -> None:
    """Set the tapped value, and show all settings."""
    await context.introduce()
    await change(context.part("name"), context.part("value"), context)


async def other_tapped(context: BotContext) -> None:
    """Ask for another value in the same message; the next message is the answer."""
    await context.introduce()
    name = context.part("name")
    question = PAGES[name].question
    if question is None:
        raise BotRefusal(keys.Notice.TOO_OLD)
    context.open_question("setting", name=name)
    await context.reply_or_edit(Screen(context.translator.html(question)))


async def answer_written(facts: Mapping[str, str], context: BotContext) -> None:
    """Set the typed value; the question stays open until it is a valid one."""
    await context.introduce()
    await change(facts["name"], context.text.strip(), context)


async def change(name: str, text: str, context: BotContext) -> None:
    """Change one setting, and show all of them in the language that is in force then.

    `text` is the tapped or typed value. Raises BotRefusal for one that is not valid.
    """
    texts = context.bot_data.texts
    try:
        settings_change = parse_change(name, text, texts.languages)
    except ValueError as error:
        raise BotRefusal(keys.Settings.USAGE) from error
    own = await context.backend.change_settings(context.speaker.id, settings_change)
    context.close_question()
    context.set_language(own.language, own.time_zone)
    await context.reply_or_edit(settings_screen(own, context.translator, texts))


async def show(page: str, context: BotContext) -> None:
    """Show all settings (""), or the choices for one of them.

    Where another value can be typed, the next message is it, without a tap on Other.
    """
    own, texts = await context.backend.get_settings(context.speaker.id), context.bot_data.texts
    if page:
        if PAGES[page].question:
            context.open_question("setting", name=page)
        screen = page_screen(page, own, context.translator, texts)
    else:
        screen = settings_screen(own, context.translator, texts)
    await context.reply_or_edit(screen)


def settings_screen(own: PersonalSettings, translator: Translator, texts: Texts) -> Screen:
    """Return all settings: three switches, and buttons to the choices for the others."""
    chosen = {
        name: page.label_of(page.value_of(own), translator, texts) for name, page in PAGES.items()
    }
    if own.chosen_language is None:
        chosen["language"] = translator.text(
            keys.Settings.AS_IN_TELEGRAM, language=translator.own_name
        )
    credits = switch("credits", own.credits, keys.NotificationSetting.CREDITS, translator)
    recurring = switch(
        "recurring",
        own.subscription_credits,
        keys.NotificationSetting.SUBSCRIPTION_CREDITS,
        translator,
    )
    members = switch("members", own.members, keys.NotificationSetting.MEMBERS, translator)
    quiet, time_zone, language = (
        button(translator.text(page.label), f"settings:{name}") for name, page in PAGES.items()
    )
    rows = ((credits,), (recurring,), (members,), (quiet, time_zone), (language,))
    return Screen(translator.html(keys.Settings.TEXT, **chosen), rows)


def page_screen(name: str, own: PersonalSettings, translator: Translator, texts: Texts) -> Screen:
    """Return the choices for one setting, with the value in force marked."""
    page = PAGES[name]
    value = page.value_of(own)

    def choice(offered: str) -> InlineKeyboardButton:
        label = page.label_of(offered, translator, texts)
        if offered == value:
            label = translator.text(keys.Button.CHOSEN, choice=label)
        return button(label, f"set:{name}:{offered}")

    rows = [tuple(choice(offered) for offered in row) for row in page.offered(texts)]
    if page.question:
        rows.append((button(translator.text(keys.Button.OTHER), f"ask_setting:{name}"),))
    rows.append((back_button("settings", translator),))
    text = translator.html(
        page.text, now=page.label_of(value, translator, texts), time=datetime.now(UTC)
    )
    return Screen(text, tuple(rows))


def switch(name: str, is_on: bool, label: Key, translator: Translator) -> InlineKeyboardButton:
    """Return the button of a kind of notification; a tap turns it on or off."""
    mark, other = (keys.Button.CHOSEN, OFF) if is_on else (keys.Button.NOT_CHOSEN, ON)
    text = translator.text(mark, choice=translator.text(label))
    return button(text, f"set:{name}:{other}")
