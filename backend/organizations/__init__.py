"""Organizations, their people, invitations and groups."""
