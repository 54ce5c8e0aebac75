"""The bot's texts: a file of sentences for each language, and their formatting."""
