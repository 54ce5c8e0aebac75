"""The settings of the stand-ins, as one frozen model."""

from dataclasses import dataclass
from pathlib import Path

from aiohttp import web


@dataclass(frozen=True)
class SandboxSettings:
    """Addresses of the stand-ins, and the secrets that they share with backend and bot.

    `url` is the sandbox's base address (no trailing slash), `webhook_url` the backend's route for
    Stripe's events. The secrets are made up for this data folder and never real ones.
    `database_url` is the backend's database, as its owner; "" where it is reached over REST.
    """

    data_dir: Path
    url: str
    webhook_url: str
    stripe_secret_key: str
    stripe_webhook_secret: str
    telegram_bot_token: str
    database_url: str = ""


SETTINGS = web.AppKey("settings", SandboxSettings)
