"""The bot's settings: one frozen model.

They are read from the environment and from a file `.env` in the working directory; the environment
wins.
"""

import re
from pathlib import Path
from typing import Annotated, Final, NamedTuple

from pydantic import AfterValidator, Field, SecretStr, ValidationError, ValidationInfo
from pydantic_settings import BaseSettings, SettingsConfigDict

from backend.schemas import webhook_url_problem
from bot.legal.documents import read_documents


def _base_address(value: str) -> str:
    if not value.startswith(("http://", "https://")):
        raise ValueError("must start with http:// or https://")
    return value.rstrip("/")


def _contact(value: str) -> str:
    if not CONTACT.fullmatch(value):
        raise ValueError("must be an @name, an e-mail address or a link (https://...)")
    return value


def _one_line(value: str) -> str:
    if len(value) > 200 or not value.isprintable() or not value.strip():
        raise ValueError("must be a name on one line, of 200 characters at most")
    return value.strip()


def _legal_texts(value: Path) -> Path:
    read_documents(value)
    return value


def _webhook_address(value: str, info: ValidationInfo) -> str:
    if not info.data.get("telegram_webhook_secret"):
        raise ValueError("needs a good TELEGRAM_WEBHOOK_SECRET beside it")
    if problem := webhook_url_problem(value, info.data.get("telegram_api_base", "")):
        raise ValueError(problem)
    return value


def _bot_token(value: SecretStr) -> SecretStr:
    if not BOT_TOKEN.fullmatch(value.get_secret_value()):
        raise ValueError("must be a bot's number, a colon and a secret, as @BotFather shows it")
    return value


def _webhook_secret(value: SecretStr) -> SecretStr:
    if not WEBHOOK_SECRET.fullmatch(value.get_secret_value()):
        raise ValueError("takes 16 to 256 letters, digits, - and _")
    return value


# https://core.telegram.org/bots/api#authorizing-your-bot
BOT_TOKEN = re.compile(r"\d+:[A-Za-z0-9_-]+")
# https://core.telegram.org/bots/api#setwebhook; 16 at least, so that nobody guesses it.
WEBHOOK_SECRET = re.compile(r"[A-Za-z0-9_-]{16,256}")
CONTACT = re.compile(r"@\w{5,32}|[^@\s]+@[^@\s]+\.[^@\s]+|https?://[^\s/]+\.\S+")
BaseAddress = Annotated[str, AfterValidator(_base_address)]


class Webhook(NamedTuple):
    """The address to which Telegram posts updates, and the secret that it sends along."""

    url: str
    secret: SecretStr


class SettingsError(Exception):
    """Settings that are missing or wrong. The message names all of them, and no value."""


class Settings(BaseSettings):
    """The bot's settings; in the environment their names are in capitals. No secret has a default.

    `bot_api_secret` signs the tokens for the backend: HS256 needs a key of at least 32 bytes (RFC
    7518, section 3.2). Addresses have no trailing slash. `support_contact` is named by /paysupport.
    `operator_contact` (unset: the same) and `operator_name` are named by /privacy and /terms;
    `legal_texts` is a folder with texts that replace those of the bot.
    """

    model_config = SettingsConfigDict(
        frozen=True,
        env_file=".env",
        env_ignore_empty=True,
        extra="ignore",
        hide_input_in_errors=True,
    )

    telegram_bot_token: Annotated[SecretStr, AfterValidator(_bot_token)]
    bot_api_secret: Annotated[SecretStr, Field(min_length=32)]
    telegram_api_base: BaseAddress = "https://api.telegram.org"
    backend_url: BaseAddress = "http://127.0.0.1:8080"
    telegram_webhook_secret: Annotated[SecretStr, AfterValidator(_webhook_secret)] | None = None
    telegram_webhook_url: Annotated[str, AfterValidator(_webhook_address)] | None = None
    support_contact: Annotated[str, AfterValidator(_contact)] | None = None
    operator_name: Annotated[str, AfterValidator(_one_line)] | None = None
    operator_contact: Annotated[str, AfterValidator(_contact)] | None = None
    legal_texts: Annotated[Path, AfterValidator(_legal_texts)] | None = None

    @property
    def webhook(self) -> Webhook | None:
        """The webhook; None where the bot polls."""
        url, secret = self.telegram_webhook_url, self.telegram_webhook_secret
        return Webhook(url, secret) if url and secret else None


# Pydantic counts items; the one text here with a least length is BOT_API_SECRET.
ERROR_TEXTS: Final = {"missing": "is missing", "too_short": "must have 32 characters or more"}


def read_settings() -> Settings:
    """Read the settings of this process. Raises SettingsError with all that is missing or wrong."""
    try:
        return Settings()
    except ValidationError as error:
        problems = [
            f"  {str(problem['loc'][0]).upper()}: "
            + ERROR_TEXTS.get(problem["type"], problem["msg"]).removeprefix("Value error, ")
            for problem in error.errors(include_input=False, include_context=False)
        ]
    raise SettingsError("\n".join(["The bot cannot start with these settings:", *problems]))
