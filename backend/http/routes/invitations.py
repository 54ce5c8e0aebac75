"""Routes of invitations into an organization."""

from backend import errors
from backend.http.route import Route, route
from backend.organizations import invitations
from backend.schemas import CodeRequest, Invitation, InvitationRequest, Invitations, Organization

INVITATIONS: list[Route] = [
    route(
        "GET",
        "/api/organizations/{id}/invitations",
        lambda call: invitations.listing(call.database, call.actor, call.id()),
        "Invitations that still work, without their codes.",
        gives=Invitations,
        role="admin",
    ),
    route(
        "POST",
        "/api/organizations/{id}/invitations",
        lambda call: invitations.create(call.database, call.actor, call.id(), call.body),
        "A new invitation with its code.",
        takes=InvitationRequest,
        gives=Invitation,
        status=201,
        role="admin",
        refuses=(errors.TooManyRequests,),
    ),
    route(
        "DELETE",
        "/api/organizations/{id}/invitations/{invitation_id}",
        lambda call: invitations.revoke(
            call.database, call.actor, call.id(), call.id("invitation_id")
        ),
        "Let nobody in by an invitation any more.",
        status=204,
        role="admin",
    ),
    route(
        "POST",
        "/api/invitations/show",
        lambda call: invitations.show(call.database, call.actor, call.body),
        "What a code would let the caller into.",
        takes=CodeRequest,
        gives=Invitation,
        refuses=(errors.InvitationInvalid,),
        costs=True,
    ),
    route(
        "POST",
        "/api/invitations/accept",
        lambda call: invitations.accept(call.services, call.actor, call.body),
        "Come in by a code, or get a higher role by it.",
        takes=CodeRequest,
        gives=Organization,
        refuses=(errors.InvitationInvalid,),
        costs=True,
    ),
]
