"""Routes of Telegram groups that are tied to an organization."""

from backend import errors
from backend.http.route import Route, route
from backend.organizations import groups
from backend.schemas import Group, GroupBalance, GroupPermissions, WhichOrganization

GROUPS: list[Route] = [
    route(
        "GET",
        "/api/groups/{chat_id:-\\d{1,15}}",
        lambda call: groups.show(call.database, call.actor, call.number("chat_id")),
        "A Telegram group as the caller may know it.",
        gives=Group,
        refuses=(errors.NotFound,),
    ),
    route(
        "PUT",
        "/api/groups/{chat_id:-\\d{1,15}}",
        lambda call: groups.tie(call.database, call.actor, call.number("chat_id"), call.body),
        "Tie a Telegram group to an organization.",
        takes=WhichOrganization,
        gives=Group,
        role="owner",
    ),
    route(
        "PATCH",
        "/api/groups/{chat_id:-\\d{1,15}}",
        lambda call: groups.allow(call.database, call.actor, call.number("chat_id"), call.body),
        "Let a Telegram group see more, or less, or nothing.",
        takes=GroupPermissions,
        gives=Group,
        role="owner",
    ),
    route(
        "GET",
        "/api/groups/{chat_id:-\\d{1,15}}/balance",
        lambda call: groups.balance(call.database, call.actor, call.number("chat_id")),
        "The wallets that a Telegram group may see.",
        gives=GroupBalance,
        refuses=(errors.NotFound,),
    ),
]
