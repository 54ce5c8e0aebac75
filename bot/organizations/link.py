"""/start link_<code> and /unlink: connect a Telegram user with a Supabase user, and undo it.

The code is made by the signed-in Supabase user. Its link could be sent to somebody else, who would
give the sender their own rights; so the person is asked before it is done.
"""

import re
from typing import Final

from bot.locales import keys
from bot.telegram.context import BotContext
from bot.telegram.refusals import BotRefusal
from bot.telegram.screens import Screen, button, forget_row

CODE: Final = "[0-9a-f]{32}"


async def link_followed(context: BotContext, code: str) -> None:
    """Ask whether to connect the accounts. Raises BotRefusal for what cannot be a code."""
    await context.introduce()
    if not re.fullmatch(CODE, code):
        raise BotRefusal(keys.Refusal.LINK_INVALID)
    translator = context.translator
    yes = button(translator.text(keys.Button.LINK), f"link:{code}")
    rows = ((yes,), forget_row(translator))
    await context.reply(Screen(translator.html(keys.AccountLink.QUESTION), rows))


async def link_tapped(context: BotContext) -> None:
    """Connect the accounts."""
    await context.introduce()
    await context.backend.accept_link(context.speaker.id, context.part("code"))
    await context.reply_or_edit(Screen(context.translator.html(keys.AccountLink.DONE)))


async def unlink(context: BotContext) -> None:
    """Ask before the connection is undone. Raises BotRefusal where there is none."""
    me = await context.introduce()
    if not me.is_linked:
        raise BotRefusal(keys.Refusal.NOT_LINKED)
    translator = context.translator
    yes = button(translator.text(keys.Button.UNLINK), "unlink")
    rows = ((yes,), forget_row(translator))
    await context.reply(Screen(translator.html(keys.AccountLink.UNDO_QUESTION), rows))


async def unlink_tapped(context: BotContext) -> None:
    """Undo the connection with the web account."""
    await context.introduce()
    await context.backend.undo_link(context.speaker.id)
    await context.reply_or_edit(Screen(context.translator.html(keys.AccountLink.UNDONE)))
