"""Who runs the bot and by which rules: /privacy and /terms."""
