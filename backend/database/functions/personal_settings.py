"""What a person chose for themselves. Only ever the caller's own."""

from backend.database.protocol import Database, Person
from backend.schemas import PersonalSettings, SettingsChange


async def get_settings(database: Database, actor: Person) -> PersonalSettings:
    """Read the caller's own settings."""
    return PersonalSettings.model_validate(await database.call("get_settings", actor))


async def change_settings(
    database: Database, actor: Person, *, changes: SettingsChange
) -> PersonalSettings:
    """Change those settings that were set in `changes`, and no others. Raises TimeZoneUnknown."""
    named = changes.model_dump(mode="json", exclude_unset=True)
    return PersonalSettings.model_validate(
        await database.call("change_settings", actor, changes=named)
    )
