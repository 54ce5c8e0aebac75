"""What the sandbox was started with: one frozen model, shared by all stand-ins."""

from dataclasses import dataclass
from pathlib import Path

from aiohttp import web


@dataclass(frozen=True)
class SandboxSettings:
    """Where the stand-ins listen and which secrets they share with the backend and the bot.

    `url` is the sandbox's own base address (no trailing slash), `webhook_url` where the
    backend takes Stripe's events. The secrets are throw-away values made for this data folder;
    never real ones.
    """

    data_dir: Path
    url: str
    webhook_url: str
    stripe_secret_key: str
    stripe_webhook_secret: str
    telegram_bot_token: str


SETTINGS = web.AppKey("settings", SandboxSettings)
