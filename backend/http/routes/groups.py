"""Routes of Telegram groups that are tied to an organization."""

from backend import errors
from backend.http.route import Route, route
from backend.organizations import groups
from backend.schemas import Group, GroupBalance, GroupPermissions, WhichOrganization

GROUPS: list[Route] = [
    route(
        "GET",
        "/api/groups/{chat_id:-\\d{1,15}}",
        lambda call: groups.get_group(call.database, call.actor, call.number("chat_id")),
        "Read a Telegram group as the caller may see it.",
        response_model=Group,
        raises=(errors.NotFound,),
    ),
    route(
        "PUT",
        "/api/groups/{chat_id:-\\d{1,15}}",
        lambda call: groups.tie_group(call.database, call.actor, call.number("chat_id"), call.body),
        "Tie a Telegram group to an organization.",
        request_model=WhichOrganization,
        response_model=Group,
        role="owner",
    ),
    route(
        "PATCH",
        "/api/groups/{chat_id:-\\d{1,15}}",
        lambda call: groups.set_group_permissions(
            call.database, call.actor, call.number("chat_id"), call.body
        ),
        "Change what a Telegram group shows, or end its tie to an organization.",
        request_model=GroupPermissions,
        response_model=Group,
        role="owner",
    ),
    route(
        "GET",
        "/api/groups/{chat_id:-\\d{1,15}}/balance",
        lambda call: groups.get_group_balance(call.database, call.actor, call.number("chat_id")),
        "Read the wallets that a Telegram group may see.",
        response_model=GroupBalance,
        raises=(errors.NotFound,),
    ),
]
