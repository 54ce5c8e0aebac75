"""What goes to Telegram: the outbox, and updates that Telegram posts to us."""
