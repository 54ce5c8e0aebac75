"""Organizations, their members, invitations, groups, and people's profiles and settings."""
