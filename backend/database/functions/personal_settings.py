"""SQL functions of personal settings, always the actor's own."""

from backend.database.protocol import Database, Person
from backend.schemas import PersonalSettings, SettingsChange


async def get_settings(database: Database, actor: Person) -> PersonalSettings:
    """Read the actor's settings."""
    return PersonalSettings.model_validate(await database.call("get_settings", actor))


async def change_settings(
    database: Database, actor: Person, *, changes: SettingsChange
) -> PersonalSettings:
    """Change those settings that are set in `changes`, and no others. Raises TimeZoneUnknown."""
    named = changes.model_dump(mode="json", exclude_unset=True)
    return PersonalSettings.model_validate(
        await database.call("change_settings", actor, changes=named)
    )
