"""Routes of a person: profile, settings, linking Telegram with Supabase."""

from backend import errors
from backend.http.route import Route, route
from backend.organizations import people, personal_settings, service as organizations
from backend.payments import key_results
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
        lambda call: people.update_me(call.database, call.actor, call.body),
        "Register the caller and their private chat, or update them.",
        request_model=Introduction,
        response_model=Me,
    ),
    route(
        "PUT",
        "/api/me/organization",
        lambda call: organizations.set_default_organization(call.database, call.actor, call.body),
        "Set the caller's default organization.",
        request_model=WhichOrganization,
        response_model=Me,
        role="member",
    ),
    route(
        "GET",
        "/api/me/attempt",
        lambda call: key_results.get_key_result(call.database, call.actor, call.body),
        "Read what the caller began under an `Idempotency-Key`, if anything.",
        request_model=AttemptKey,
        response_model=Attempt,
    ),
    route(
        "POST",
        "/api/me/link",
        lambda call: people.create_link_code(call.database, call.actor),
        "Create a code to link a Supabase user with a Telegram user.",
        response_model=LinkCode,
        status=201,
        raises=(errors.AlreadyLinked,),
    ),
    route(
        "POST",
        "/api/me/link/accept",
        lambda call: people.redeem_link_code(call.database, call.actor, call.body),
        "Merge the Telegram user who shows a code and the Supabase user who created it.",
        request_model=CodeRequest,
        response_model=Me,
        raises=(
            errors.LinkInvalid,
            errors.AlreadyLinked,
            errors.BothHaveHistory,
        ),
        rate_limited=True,
    ),
    route(
        "DELETE",
        "/api/me/link",
        lambda call: people.undo_link(call.database, call.actor),
        "Undo the link; the history stays with whichever of the two had it before.",
        status=204,
        raises=(errors.NotLinked,),
    ),
    route(
        "GET",
        "/api/me/settings",
        lambda call: personal_settings.get_settings(call.database, call.actor),
        "Read the caller's settings.",
        response_model=PersonalSettings,
    ),
    route(
        "PATCH",
        "/api/me/settings",
        lambda call: personal_settings.change_settings(call.database, call.actor, call.body),
        "Change those settings that are named, and no others.",
        request_model=SettingsChange,
        response_model=PersonalSettings,
        raises=(errors.TimeZoneUnknown,),
    ),
]
