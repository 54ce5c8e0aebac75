"""The local Telegram: the Bot API, the people's chats, and faults on purpose."""
