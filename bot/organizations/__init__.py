"""Organizations, their members, invitations and groups in the chat."""
