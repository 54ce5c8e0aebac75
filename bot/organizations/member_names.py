"""Names of members, told from those of others that look the same.

Anybody may choose any name, also that of the person whose place they want to have.
"""

from collections import Counter
from datetime import datetime
from typing import Final
from uuid import UUID

from backend.schemas import Member
from bot.locales import keys
from bot.locales.translator import Translator, short

NAME_LENGTH: Final = 20  # beside the date, so that a button shows both


def member_names(members: list[Member], translator: Translator) -> dict[UUID, str]:
    """Return a name of each member by user id, no two of which look the same.

    A name that is another's, too, has the day on which its bearer joined; where that is not enough,
    also the time, and a number by the order of joining.
    """
    names = {member.user_id: short(member.name) for member in members}
    shared = [member for member in members if member.shares_name]
    shared.sort(key=lambda member: (member.joined_at, member.user_id))
    days = Counter(translator.day_of(member.joined_at) for member in shared)
    minutes = Counter(minute_of(member.joined_at) for member in shared)
    for number, member in enumerate(shared, start=1):
        name, joined_at = short(member.name, NAME_LENGTH), member.joined_at
        day = translator.day_of(joined_at)
        if days[day] == 1:
            label = translator.text(keys.Members.JOINED, name=name, day=day)
        elif minutes[minute_of(joined_at)] == 1:
            label = translator.text(keys.Members.JOINED_AT, name=name, day=day, time=joined_at)
        else:
            label = translator.text(
                keys.Members.NUMBERED, name=name, day=day, time=joined_at, number=number
            )
        names[member.user_id] = label
    return names


def minute_of(moment: datetime) -> datetime:
    """Return a moment as people read it, without seconds."""
    return moment.replace(second=0, microsecond=0)
