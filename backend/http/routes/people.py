"""Routes of a person's own: who they are, their settings, linking Telegram with Supabase."""

from backend import errors
from backend.http.route import Route, route
from backend.organizations import people, personal_settings, service as organizations
from backend.payments import attempts
from backend.schemas import (
    Attempt,
    AttemptKey,
    CodeRequest,
    Introduction,
    LinkCode,
    Me,
    PersonalSettings,
    SettingsChange,
    WhichOrganization,
)

PEOPLE: list[Route] = [
    route(
        "PUT",
        "/api/me",
        lambda call: people.introduce(call.database, call.actor, call.body),
        "Make the caller and their private chat known, or refresh what is known of them.",
        takes=Introduction,
        gives=Me,
    ),
    route(
        "PUT",
        "/api/me/organization",
        lambda call: organizations.choose(call.database, call.actor, call.body),
        "Make an organization the one that is meant when nobody says which.",
        takes=WhichOrganization,
        gives=Me,
        role="member",
    ),
    route(
        "GET",
        "/api/me/attempt",
        lambda call: attempts.show(call.database, call.actor, call.body),
        "What the caller's `Idempotency-Key` began: nothing, or one of these.",
        takes=AttemptKey,
        gives=Attempt,
    ),
    route(
        "POST",
        "/api/me/link",
        lambda call: people.make_link_code(call.database, call.actor),
        "What the bot must be shown to link a Supabase user with Telegram.",
        gives=LinkCode,
        status=201,
        refuses=(errors.AlreadyLinked,),
    ),
    route(
        "POST",
        "/api/me/link/accept",
        lambda call: people.link(call.database, call.actor, call.body),
        "From now on the Telegram user who shows a code and the Supabase user who made it are one.",
        takes=CodeRequest,
        gives=Me,
        refuses=(
            errors.LinkInvalid,
            errors.AlreadyLinked,
            errors.BothHaveHistory,
        ),
        costs=True,
    ),
    route(
        "GET",
        "/api/me/settings",
        lambda call: personal_settings.show(call.database, call.actor),
        "The caller's own settings.",
        gives=PersonalSettings,
    ),
    route(
        "PATCH",
        "/api/me/settings",
        lambda call: personal_settings.change(call.database, call.actor, call.body),
        "Change those settings that are named, and no others.",
        takes=SettingsChange,
        gives=PersonalSettings,
        refuses=(errors.TimeZoneUnknown,),
    ),
]
