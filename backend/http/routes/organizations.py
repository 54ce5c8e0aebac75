"""Routes of organizations and their members."""

from backend import errors
from backend.http.route import STRIPE, Route, route
from backend.organizations import service as organizations
from backend.payment_methods import billing_email
from backend.schemas import (
    AccountingRequest,
    AuditEntries,
    AuditQuery,
    Billing,
    BillingRequest,
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
        lambda call: organizations.list_organizations(call.database, call.actor),
        "List the caller's organizations.",
        response_model=Organizations,
    ),
    route(
        "POST",
        "/api/organizations",
        lambda call: organizations.create_organization(
            call.database, call.actor, call.body, call.idempotency_key
        ),
        "Create an organization that the caller owns; the same key creates it once.",
        request_model=OrganizationRequest,
        response_model=Organization,
        status=201,
        key="optional",
        raises=(
            errors.SignupClosed,
            errors.TooManyOrganizations,
            errors.IdempotencyKeyReused,
        ),
    ),
    route(
        "GET",
        "/api/organizations/{id}",
        lambda call: organizations.get_organization(call.database, call.actor, call.id()),
        "Read one of the caller's organizations.",
        response_model=Organization,
        role="member",
    ),
    route(
        "PATCH",
        "/api/organizations/{id}",
        lambda call: organizations.rename_organization(
            call.database, call.actor, call.id(), call.body
        ),
        "Rename an organization.",
        request_model=OrganizationRequest,
        response_model=Organization,
        role="admin",
    ),
    route(
        "PATCH",
        "/api/organizations/{id}/accounting",
        lambda call: organizations.set_accounting_time_zone(
            call.database, call.actor, call.id(), call.body
        ),
        "Set the time zone of an organization's months from the next one on.",
        request_model=AccountingRequest,
        response_model=Organization,
        role="owner",
        raises=(errors.TimeZoneUnknown,),
    ),
    route(
        "GET",
        "/api/organizations/{id}/billing",
        lambda call: billing_email.get_billing(call.database, call.actor, call.id()),
        "Read the billing e-mail address that an owner chose for an organization.",
        response_model=Billing,
        role="admin",
    ),
    route(
        "PATCH",
        "/api/organizations/{id}/billing",
        lambda call: billing_email.set_billing(call.services, call.actor, call.id(), call.body),
        "Set the billing e-mail address of an organization, or remove it.",
        request_model=BillingRequest,
        response_model=Billing,
        role="owner",
        raises=(errors.BillingEmailRefused, *STRIPE),
        rate_limited=True,
    ),
    route(
        "GET",
        "/api/organizations/{id}/audit",
        lambda call: organizations.list_audit_log(call.database, call.actor, call.id(), call.body),
        "List the audit log of an organization.",
        request_model=AuditQuery,
        response_model=AuditEntries,
        role="owner",
        raises=(errors.BadCursor,),
    ),
    route(
        "GET",
        "/api/organizations/{id}/members",
        lambda call: organizations.list_members(call.database, call.actor, call.id()),
        "List the members of an organization.",
        response_model=Members,
        role="member",
    ),
    route(
        "PATCH",
        "/api/organizations/{id}/members/{user_id}",
        lambda call: organizations.change_role(
            call.services, call.actor, call.id(), call.id("user_id"), call.body
        ),
        "Change a member's role.",
        request_model=RoleRequest,
        response_model=Member,
        role="owner",
        raises=(errors.LastOwner,),
    ),
    route(
        "DELETE",
        "/api/organizations/{id}/members/{user_id}",
        lambda call: organizations.remove_member(
            call.services, call.actor, call.id(), call.id("user_id")
        ),
        "Remove a member, or leave.",
        status=204,
        role="member",
        raises=(
            errors.RoleTooLow,
            errors.LastOwner,
        ),
    ),
]
