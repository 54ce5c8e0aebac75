"""Routes of organizations and their members."""

from backend import errors
from backend.http.route import Route, route
from backend.organizations import service as organizations
from backend.schemas import (
    AuditEntries,
    AuditQuery,
    Member,
    Members,
    Organization,
    OrganizationRequest,
    Organizations,
    RoleRequest,
)

ORGANIZATIONS: list[Route] = [
    route(
        "GET",
        "/api/organizations",
        lambda call: organizations.listing(call.database, call.actor),
        "The caller's own organizations.",
        gives=Organizations,
    ),
    route(
        "POST",
        "/api/organizations",
        lambda call: organizations.create(
            call.database, call.actor, call.body, call.idempotency_key
        ),
        "Found an organization, which the caller owns; the same key founds it once.",
        takes=OrganizationRequest,
        gives=Organization,
        status=201,
        key="optional",
        refuses=(
            errors.SignupClosed,
            errors.TooManyOrganizations,
            errors.IdempotencyKeyReused,
        ),
    ),
    route(
        "GET",
        "/api/organizations/{id}",
        lambda call: organizations.show(call.database, call.actor, call.id()),
        "One of the caller's organizations.",
        gives=Organization,
        role="member",
    ),
    route(
        "PATCH",
        "/api/organizations/{id}",
        lambda call: organizations.rename(call.database, call.actor, call.id(), call.body),
        "Give an organization another name.",
        takes=OrganizationRequest,
        gives=Organization,
        role="admin",
    ),
    route(
        "GET",
        "/api/organizations/{id}/audit",
        lambda call: organizations.audit(call.database, call.actor, call.id(), call.body),
        "What was done in an organization.",
        takes=AuditQuery,
        gives=AuditEntries,
        role="owner",
        refuses=(errors.BadCursor,),
    ),
    route(
        "GET",
        "/api/organizations/{id}/members",
        lambda call: organizations.members(call.database, call.actor, call.id()),
        "Who belongs to an organization.",
        gives=Members,
        role="member",
    ),
    route(
        "PATCH",
        "/api/organizations/{id}/members/{user_id}",
        lambda call: organizations.change_role(
            call.services, call.actor, call.id(), call.id("user_id"), call.body
        ),
        "Give a member another role.",
        takes=RoleRequest,
        gives=Member,
        role="owner",
        refuses=(errors.LastOwner,),
    ),
    route(
        "DELETE",
        "/api/organizations/{id}/members/{user_id}",
        lambda call: organizations.remove(call.services, call.actor, call.id(), call.id("user_id")),
        "Take a member out, or leave.",
        status=204,
        role="member",
        refuses=(
            errors.RoleTooLow,
            errors.LastOwner,
        ),
    ),
]
