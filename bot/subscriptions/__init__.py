"""Recurring top-ups in the chat."""
