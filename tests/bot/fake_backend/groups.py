"""Answers of the routes of groups, which owners tie and change."""

from uuid import UUID

from backend import schemas
from backend.schemas import Group
from tests.bot.fake_backend.server import Call, Refused
from tests.bot.fake_backend.state import State


class GroupAnswers(State):
    """Groups by chat id."""

    def get_group(self, call: Call) -> Group:
        """Return a group; only an owner of its organization gets all fields."""
        group = self.groups.get(call.chat_id, Group(tied=False))
        if self.owns(call.user, group.organization_id):
            return group
        return Group(
            tied=group.tied,
            organization_name=group.organization_name,
            owner_name=group.owner_name,
        )

    def tie_group(self, call: Call) -> Group:
        """Tie a group to an organization that the person owns."""
        own = self.membership_in(call.user, call.body.organization_id)
        if own.role != "owner":
            raise Refused("role_too_low", role="owner")
        tied = self.groups.get(call.chat_id)
        if tied and not self.owns(call.user, tied.organization_id):
            raise Refused("not_found", what="group")
        group = Group(
            tied=True,
            organization_id=own.organization_id,
            organization_name=own.organization_name,
            owner_name=self.names[call.user],
        )
        self.groups[call.chat_id] = group
        return group

    def change_group_permissions(self, call: Call) -> Group:
        """Change what a group shows, or untie it."""
        if not self.owns(call.user, call.body.organization_id):
            raise Refused("role_too_low", role="owner")
        self.announcement_topic = call.body.message_thread_id
        if not call.body.tied:
            del self.groups[call.chat_id]
            return Group(tied=False)
        changes = call.body.model_dump(exclude_none=True, exclude={"message_thread_id"})
        group = self.groups[call.chat_id].model_copy(update=changes)
        self.groups[call.chat_id] = group
        return group

    def get_group_balance(self, call: Call) -> schemas.GroupBalance:
        """Return the wallets of a group's organization, where it shows them."""
        group = self.groups.get(call.chat_id)
        if group is None or not group.shows_balance:
            raise Refused("not_found", what="balance")
        membership = next(
            each
            for memberships in self.memberships.values()
            for each in memberships
            if each.organization_id == group.organization_id
        )
        return schemas.GroupBalance(
            organization_name=membership.organization_name, wallets=membership.wallets
        )

    def owns(self, user: int, organization_id: UUID | None) -> bool:
        """Return whether the user owns an organization."""
        return any(
            each.organization_id == organization_id and each.role == "owner"
            for each in self.memberships.get(user, [])
        )
