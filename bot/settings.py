"""What the bot is started with: one frozen model.

It is read from the environment, and from a file `.env` in the folder where the process starts; the
environment wins.
"""

import re
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict


def _base_address(value: str) -> str:
    if not value.startswith(("http://", "https://")):
        raise ValueError("must start with http:// or https://")
    return value.rstrip("/")


def _contact(value: str) -> str:
    if not CONTACT.fullmatch(value):
        raise ValueError("must be an @name, an e-mail address or a link (https://...)")
    return value


CONTACT = re.compile(r"@\w{5,32}|[^@\s]+@[^@\s]+\.[^@\s]+|https?://[^\s/]+\.\S+")
BaseAddress = Annotated[str, AfterValidator(_base_address)]


class SettingsError(Exception):
    """Settings are missing or wrong. The message names every one of them, and no value."""


class Settings(BaseSettings):
    """The bot's settings. Names in capitals are those of the environment; no secret has a default.

    `bot_api_secret` signs what the bot says to the backend: HS256 wants a key of at least 32 bytes
    (RFC 7518, 3.2). Addresses have no trailing slash. `support_contact` is whom /paysupport names.
    """

    model_config = SettingsConfigDict(
        frozen=True,
        env_file=".env",
        env_ignore_empty=True,
        extra="ignore",
        hide_input_in_errors=True,
    )

    telegram_bot_token: SecretStr
    bot_api_secret: Annotated[SecretStr, Field(min_length=32)]
    telegram_api_base: BaseAddress = "https://api.telegram.org"
    backend_url: BaseAddress = "http://127.0.0.1:8080"
    support_contact: Annotated[str, AfterValidator(_contact)] | None = None


def read_settings() -> Settings:
    """The settings of this process. Raises SettingsError with all that is missing or wrong."""
    try:
        return Settings()
    except ValidationError as error:
        problems = [
            f"  {str(problem['loc'][0]).upper()}: "
            + ("is missing" if problem["type"] == "missing" else problem["msg"])
            for problem in error.errors(include_input=False, include_context=False)
        ]
    raise SettingsError("\n".join(["The bot cannot start with these settings:", *problems]))
