"""Notifications of the backend, shown in their chats."""
