"""The backend's settings: one frozen model, wrong ones told together.

They come from the environment, and from a file `.env` in the folder where the process starts; the
environment wins.
"""

from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    Field,
    IPvAnyNetwork,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict


class SettingsError(Exception):
    """What is missing or wrong, a line each; never a value."""

    def __init__(self, problems: list[str]) -> None:
        """`problems` name a setting each."""
        lines = "\n".join(f"  {problem}" for problem in problems)
        super().__init__(f"These settings need your attention (see .env.example):\n{lines}")
        self.problems = problems


def secret_of(prefixes: tuple[str, ...]) -> AfterValidator:
    """A validator for secrets that start with one of `prefixes`."""

    def check(value: SecretStr) -> SecretStr:
        if not value.get_secret_value().startswith(prefixes):
            raise ValueError(f"must start with {' or '.join(prefixes)}")
        return value

    return AfterValidator(check)


WebhookSecret = Annotated[SecretStr, secret_of(("whsec_",))]


def describe_error(kind: str, message: str, facts: dict[str, Any]) -> str:
    """What pydantic has against a value, as a sentence goes on after a setting's name."""
    match kind:
        case "missing":
            return "is missing"
        case "too_short":
            return f"must have {facts['min_length']} characters or more"
        case _:
            return message.removeprefix("Value error, ")


class EnvironmentSettings(BaseSettings):
    """How all of them are read."""

    model_config = SettingsConfigDict(
        frozen=True,
        env_file=".env",
        env_ignore_empty=True,
        extra="ignore",
        hide_input_in_errors=True,
    )

    @classmethod
    def from_environment(cls) -> Self:
        """Read them; raises SettingsError that names everything missing or wrong at once."""
        try:
            return cls()
        except ValidationError as error:
            problems = [
                "".join(f"{name}: ".upper() for name in problem["loc"][:1])  # none: of several
                + describe_error(problem["type"], problem["msg"], problem.get("ctx", {}))
                for problem in error.errors(include_input=False, include_url=False)
            ]
            raise SettingsError(problems) from None


class TelegramSettings(EnvironmentSettings):
    """What `doctor` looks at Telegram with; the backend itself has no use for the bot's token."""

    telegram_bot_token: SecretStr | None = None
    telegram_api_base: str = "https://api.telegram.org"
    telegram_webhook_url: str | None = None


class DatabaseSettings(EnvironmentSettings):
    """What `migrate` needs: the database itself, which the REST API is no way to."""

    supabase_db_url: SecretStr


class Settings(EnvironmentSettings):
    """Environment variables by the same names in capitals. No secret has a default.

    The way to the database is direct where `supabase_db_url` is set, and else over REST.
    """

    bot_api_secret: Annotated[SecretStr, Field(min_length=32)]
    supabase_url: str | None = None
    supabase_service_role_key: SecretStr | None = None
    supabase_jwt_secret: Annotated[SecretStr, Field(min_length=32)] | None = None
    supabase_db_url: Annotated[SecretStr | None, Field(validate_default=True)] = None
    supabase_db_pooler: bool = False  # true behind a pooler in transaction mode
    supabase_db_pool_size: Annotated[int, Field(ge=2, le=100)] = 8  # connections of `serve`
    stripe_secret_key: Annotated[
        SecretStr, secret_of(("sk_test_", "rk_test_", "sk_live_", "rk_live_"))
    ]
    stripe_webhook_secret: Annotated[tuple[WebhookSecret, ...], NoDecode, Field(min_length=1)]
    stripe_api_base: str = "https://api.stripe.com"
    organization_signup: Literal["open", "closed"] = "closed"
    topups_in_chat: Literal["on", "off"] = "on"
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8080
    public_url: str = "http://127.0.0.1:8080"
    telegram_webhook_secret: Annotated[SecretStr, Field(min_length=16)] | None = None
    trusted_proxy: IPvAnyNetwork | None = None  # whose X-Forwarded-For is believed
    metrics_token: Annotated[SecretStr, Field(min_length=16)] | None = None

    @field_validator("stripe_webhook_secret", mode="before")
    @classmethod
    def split_secrets(cls, value: object) -> object:
        """Two secrets, separated by a comma, while one is being rotated out."""
        return tuple(value.replace(",", " ").split()) if isinstance(value, str) else value

    @field_validator("supabase_db_url")
    @classmethod
    def require_database(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        """Without it all three names of the REST API are needed."""
        names = ("supabase_url", "supabase_service_role_key", "supabase_jwt_secret")
        lacking = [name.upper() for name in names if not info.data.get(name)]
        if value is None and lacking:
            or_else = "is missing; to go over Supabase's REST API instead, set {lacking}"
            raise PydanticCustomError("no_database", or_else, {"lacking": ", ".join(lacking)})
        return value

    @field_validator("public_url", "stripe_api_base", "supabase_url")
    @classmethod
    def base_address(cls, value: str | None) -> str | None:
        """Addresses are joined with a slash of our own."""
        if value is None:
            return None
        if not value.startswith(("http://", "https://")):
            raise ValueError("must be an http or https address")
        return value.rstrip("/")

    @model_validator(mode="after")
    def require_distinct_secrets(self) -> Self:
        """A secret that opens two doors makes whoever knows it for one a guest at the other."""
        secrets = [(name, value) for name, value in self if isinstance(value, SecretStr)]
        secrets += [("stripe_webhook_secret", secret) for secret in self.stripe_webhook_secret]
        owners: dict[str, list[str]] = {}
        for name, secret in secrets:
            owners.setdefault(secret.get_secret_value(), []).append(name.upper())
        for names in owners.values():
            if len(names) > 1:
                raise ValueError(
                    f"{' and '.join(names)} are equal; each door has a secret of its own"
                )
        return self

    @model_validator(mode="after")
    def require_https_when_live(self) -> Self:
        """Payers come back to PUBLIC_URL, and engineers send their tokens there."""
        if self.livemode and not self.https:
            raise ValueError(
                "STRIPE_SECRET_KEY is a live key, so PUBLIC_URL must begin with https://"
            )
        return self

    @property
    def https(self) -> bool:
        """Whether the world comes to us over https only."""
        return self.public_url.startswith("https://")

    @property
    def livemode(self) -> bool:
        """Whether Stripe's key moves real money."""
        return "_live_" in self.stripe_secret_key.get_secret_value()[:8]
