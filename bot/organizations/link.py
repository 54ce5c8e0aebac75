"""/start link_<code>: the same person here and at Supabase.

The code is made by whoever is signed in there. Its link could be sent to somebody else, who would
then lend their rights to the sender; so what it does is explained, and asked, before it is done.
"""

import re
from typing import Final

from bot.locales import keys
from bot.telegram.context import BotContext
from bot.telegram.refusals import BotRefusal
from bot.telegram.screens import Screen, button

CODE: Final = "[0-9a-f]{32}"


async def link_followed(context: BotContext, code: str) -> None:
    """Ask before anything is connected. Raises BotRefusal for what cannot be a code."""
    await context.introduce()
    if not re.fullmatch(CODE, code):
        raise BotRefusal(keys.Refusal.LINK_INVALID)
    translator = context.translator
    yes = button(translator.text(keys.Button.LINK), f"link:{code}")
    await context.reply(Screen(translator.html(keys.AccountLink.QUESTION), ((yes,),)))


async def link_tapped(context: BotContext) -> None:
    """Connect the accounts."""
    await context.introduce()
    await context.backend.accept_link(context.speaker.id, context.part("code"))
    await context.reply_or_edit(Screen(context.translator.html(keys.AccountLink.DONE)))
