"""Notifications to Telegram (the outbox), and updates from Telegram (webhook mode)."""
