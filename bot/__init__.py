"""The bot: Pursebot's conversation in Telegram. The backend decides about money."""

import os

# Read by python-telegram-bot each time Telegram names a duration: answer with a `timedelta`, which
# its next major version does anyway, instead of a number and a deprecation warning.
os.environ.setdefault("PTB_TIMEDELTA", "1")
