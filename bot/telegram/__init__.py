"""Telegram: how updates come in, who handles them, what a message shows, what goes wrong."""
