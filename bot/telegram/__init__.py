"""Telegram: receiving updates, routing them to handlers, sending messages, and errors."""
