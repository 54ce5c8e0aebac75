"""Subscriptions in the chat, which calls them recurring top-ups."""
