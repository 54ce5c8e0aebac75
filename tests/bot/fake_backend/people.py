"""Answers of the routes of the acting person."""

from typing import Any

from backend import schemas
from tests.bot.fake_backend.server import Call, Refused
from tests.bot.fake_backend.state import State

DEFAULT_SETTINGS: dict[str, Any] = {
    "chosen_language": None, "time_zone": "UTC", "quiet_hours": None, "credits": True,
    "subscription_credits": False, "members": True,
}  # fmt: skip


class PersonAnswers(State):
    """Introductions, settings, links."""

    def introduce(self, call: Call) -> schemas.Me:
        """Store an introduction; return who the person is."""
        self.introductions.append((call.user, call.body))
        self.names[call.user] = call.body.name
        return self.me(call.user, call.body.language)

    def set_default_organization(self, call: Call) -> schemas.Me:
        """Make an organization the person's default."""
        membership = self.membership_in(call.user, call.body.organization_id)
        self.default_organizations[call.user] = membership.organization_id
        return self.me(call.user)

    def get_key_result(self, call: Call) -> schemas.Attempt:
        """Return that nothing was started under the key."""
        return schemas.Attempt()

    def get_settings(self, call: Call) -> schemas.PersonalSettings:
        """Return the person's settings."""
        own = DEFAULT_SETTINGS | self.settings.get(call.user, {})
        return schemas.PersonalSettings(language=own["chosen_language"] or "en", **own)

    def change_settings(self, call: Call) -> schemas.PersonalSettings:
        """Change the settings in the body; time zones of Mars are unknown."""
        if call.body.time_zone.startswith("Mars"):
            raise Refused("time_zone_unknown")
        own = self.settings.setdefault(call.user, {})
        own |= call.body.model_dump(exclude_unset=True)
        return self.get_settings(call)

    def accept_link(self, call: Call) -> schemas.Me:
        """Store the code of an accepted link."""
        self.accepted_links.add(call.body.code)
        return self.me(call.user)

    def undo_link(self, call: Call) -> None:
        """Forget the accepted links."""
        if not self.accepted_links:
            raise Refused("not_linked")
        self.accepted_links.clear()
