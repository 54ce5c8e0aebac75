"""The local Telegram: the Bot API, the chats that people see, and what goes wrong on purpose."""
