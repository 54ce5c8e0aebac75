"""What a person is told about and when, in which language and in whose time: their own choice."""

from backend.database.protocol import Actor, Database
from backend.schemas import PersonalSettings, SettingsChange


async def show(database: Database, actor: Actor) -> PersonalSettings:
    """The caller's own settings."""
    return PersonalSettings(**await database.call("get_settings", actor))


async def change(database: Database, actor: Actor, wanted: SettingsChange) -> PersonalSettings:
    """Change those settings that are named, and no others. Raises TimeZoneUnknown."""
    changes = wanted.model_dump(mode="json", exclude_unset=True)
    return PersonalSettings(**await database.call("change_settings", actor, changes=changes))
