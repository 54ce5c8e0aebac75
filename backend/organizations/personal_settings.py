"""Personal settings: language, time zone, quiet hours, and optional notifications."""

from backend.database.functions import personal_settings
from backend.database.protocol import Database, Person
from backend.schemas import PersonalSettings, SettingsChange


async def get_settings(database: Database, actor: Person) -> PersonalSettings:
    """Read the actor's settings."""
    return await personal_settings.get_settings(database, actor)


async def change_settings(
    database: Database, actor: Person, request: SettingsChange
) -> PersonalSettings:
    """Change those settings that are set in the request, and no others. Raises TimeZoneUnknown."""
    return await personal_settings.change_settings(database, actor, changes=request)
