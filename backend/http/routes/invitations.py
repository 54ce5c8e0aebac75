"""Routes of invitations into an organization."""

from backend import errors
from backend.http.route import Route, route
from backend.organizations import invitations
from backend.schemas import CodeRequest, Invitation, InvitationRequest, Invitations, Organization

INVITATIONS: list[Route] = [
    route(
        "GET",
        "/api/organizations/{id}/invitations",
        lambda call: invitations.list_invitations(call.database, call.actor, call.id()),
        "List an organization's valid invitations, without their codes.",
        response_model=Invitations,
        role="admin",
    ),
    route(
        "POST",
        "/api/organizations/{id}/invitations",
        lambda call: invitations.create_invitation(call.database, call.actor, call.id(), call.body),
        "Create an invitation; the answer has its code.",
        request_model=InvitationRequest,
        response_model=Invitation,
        status=201,
        role="admin",
        raises=(errors.TooManyRequests,),
    ),
    route(
        "DELETE",
        "/api/organizations/{id}/invitations/{invitation_id}",
        lambda call: invitations.revoke_invitation(
            call.database, call.actor, call.id(), call.id("invitation_id")
        ),
        "Revoke an invitation; again is harmless.",
        status=204,
        role="admin",
    ),
    route(
        "POST",
        "/api/invitations/show",
        lambda call: invitations.get_invitation(call.database, call.actor, call.body),
        "Read the invitation of a code.",
        request_model=CodeRequest,
        response_model=Invitation,
        raises=(errors.InvitationInvalid,),
        rate_limited=True,
    ),
    route(
        "POST",
        "/api/invitations/accept",
        lambda call: invitations.accept_invitation(call.services, call.actor, call.body),
        "Become a member by a code, or get the higher role that it gives.",
        request_model=CodeRequest,
        response_model=Organization,
        raises=(errors.InvitationInvalid,),
        rate_limited=True,
    ),
]
