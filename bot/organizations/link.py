"""/start link_<code>: the same person here and at Supabase.

The code is made by whoever is signed in there. Its link could be sent to somebody else, who would
then lend their rights to the sender; so what it does is said, and asked, before it is done.
"""

import re

from bot.telegram.context import BotContext, BotRefusal
from bot.telegram.screens import Screen, button

CODE = "[0-9a-f]{32}"


async def link_followed(context: BotContext, code: str) -> None:
    """The link was opened: ask."""
    await context.introduce()
    if not re.fullmatch(CODE, code):
        raise BotRefusal("refusal.link_invalid")
    yes = button(context.words.plain("button.link"), f"link:{code}")
    await context.reply(Screen(context.words.say("link.question"), ((yes,),)))


async def link_tapped(context: BotContext) -> None:
    """Yes: done, or refused in words."""
    await context.introduce()
    await context.backend.accept_link(context.speaker.id, context.part("code"))
    await context.show(Screen(context.words.say("link.done")))
