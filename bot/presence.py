"""Changes of the bot's own membership: a person blocks or unblocks it, a group adds or removes it.

https://core.telegram.org/bots/api#chatmemberupdated
"""

from telegram import Update
from telegram.constants import ChatType

from bot.organizations import groups
from bot.telegram.context import BotContext


async def presence_changed(update: Update, context: BotContext) -> None:
    """Have a person who unblocked the bot notified again at once; handle a group's change.

    That a person blocked it, the next delivery finds out.
    """
    change = update.my_chat_member
    if change is None or change.chat.type != ChatType.PRIVATE:
        await groups.presence_changed(update, context)
    elif groups.is_inside(change.new_chat_member):
        await context.introduce()
