"""The backend's settings, from the environment and from a file `.env`; the environment wins.

`.env` is read in the working directory. All that is missing or wrong is reported at once.
"""

import json
from base64 import urlsafe_b64decode
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
    """Settings that are missing or wrong; `problems` has a line for each, without any value."""

    def __init__(self, problems: list[str]) -> None:
        """Each of `problems` begins with the name of its setting."""
        lines = "\n".join(f"  {problem}" for problem in problems)
        super().__init__(f"These settings need your attention (see .env.example):\n{lines}")
        self.problems = problems


def secret_of(prefixes: tuple[str, ...]) -> AfterValidator:
    """Return a validator for secrets that begin with one of `prefixes`."""

    def check(value: SecretStr) -> SecretStr:
        if not value.get_secret_value().startswith(prefixes):
            raise ValueError(f"must start with {' or '.join(prefixes)}")
        return value

    return AfterValidator(check)


def require_service_role(value: SecretStr) -> SecretStr:
    """Refuse a legacy key (a JWT) of another role: that of `anon` is easily taken for it."""
    parts = value.get_secret_value().split(".")
    try:
        role = json.loads(urlsafe_b64decode(f"{parts[1]}==")).get("role")
    except (IndexError, ValueError, AttributeError):  # a new key, or one that Supabase will refuse
        return value
    if role != "service_role":
        raise ValueError("is not the secret key: it has another role than service_role")
    return value


def require_private_key(value: SecretStr) -> SecretStr:
    """Refuse a JWK that cannot sign; any other text is a shared secret.

    https://supabase.com/docs/guides/auth/signing-keys
    """
    text = value.get_secret_value().strip()
    if not text.startswith(("{", "[")):
        return value
    try:
        key = json.loads(text)
    except ValueError:
        raise ValueError("is no JSON: quote the whole JWK with single quotes") from None
    if not isinstance(key, dict):
        raise ValueError("is a list of keys: take the one JWK in it that was imported")
    lacking = [name for name in ("kty", "kid", "d") if not key.get(name)]
    if lacking:
        raise ValueError(
            f"is a JWK without {', '.join(lacking)}: take the private key as it was made"
        )
    return value


WebhookSecret = Annotated[SecretStr, secret_of(("whsec_",))]
SupabaseKey = Annotated[
    SecretStr, secret_of(("sb_secret_", "eyJ")), AfterValidator(require_service_role)
]


def describe_error(kind: str, message: str, facts: dict[str, Any]) -> str:
    """Say what is wrong with a setting: the rest of a sentence that begins with its name.

    `kind`, `message` and `facts` are pydantic's `type`, `msg` and `ctx`:
    https://docs.pydantic.dev/latest/errors/errors
    """
    match kind:
        case "missing":
            return "is missing"
        case "too_short":
            return f"must have {facts['min_length']} characters or more"
        case _:
            return message.removeprefix("Value error, ")


class EnvironmentSettings(BaseSettings):
    """The base of all settings: frozen, and without values in error messages."""

    model_config = SettingsConfigDict(
        frozen=True,
        env_file=".env",
        env_ignore_empty=True,
        extra="ignore",
        hide_input_in_errors=True,
    )

    @classmethod
    def from_environment(cls) -> Self:
        """Read the settings. Raises SettingsError."""
        try:
            return cls()
        except ValidationError as error:
            problems = []
            for problem in error.errors(include_input=False, include_url=False):
                location = problem["loc"]
                # A validator of the whole model has no location; its message names the settings.
                name = f"{location[0]}: ".upper() if location else ""
                text = describe_error(problem["type"], problem["msg"], problem.get("ctx", {}))
                problems.append(name + text)
            raise SettingsError(problems) from None


class TelegramSettings(EnvironmentSettings):
    """What `doctor` needs to check the bot; nothing else here uses the bot's token."""

    telegram_bot_token: SecretStr | None = None
    telegram_api_base: str = "https://api.telegram.org"
    telegram_webhook_url: str | None = None
    support_contact: str | None = None
    operator_name: str | None = None
    operator_contact: str | None = None
    legal_texts: str | None = None


class DatabaseSettings(EnvironmentSettings):
    """What `migrate` needs: a direct connection, because DDL cannot run over the REST API."""

    supabase_db_url: SecretStr


class Settings(EnvironmentSettings):
    """The settings of all other commands; each is the environment variable of its name in capitals.

    No secret has a default. The database is reached directly where `supabase_db_url` is set, else
    over the REST API.
    """

    bot_api_secret: Annotated[SecretStr, Field(min_length=32)]
    supabase_url: str | None = None
    supabase_secret_key: SupabaseKey | None = None
    supabase_service_role_key: SupabaseKey | None = None  # its former name
    supabase_key_as_bearer: Literal["on", "off"] | None = None
    supabase_jwt_secret: (
        Annotated[SecretStr, Field(min_length=32), AfterValidator(require_private_key)] | None
    ) = None
    supabase_jwt_issuers: Annotated[tuple[str, ...], NoDecode] = ()  # () is <SUPABASE_URL>/auth/v1
    supabase_anonymous_users: Literal["on", "off"] = "off"
    supabase_second_factor_for_money: Literal["on", "off"] = "off"
    supabase_db_url: Annotated[SecretStr | None, Field(validate_default=True)] = None
    supabase_db_pooler: bool = False  # true behind a pooler in transaction mode
    supabase_db_pool_size: Annotated[int, Field(ge=2, le=100)] = 8  # connections of `serve`
    stripe_secret_key: Annotated[
        SecretStr, secret_of(("sk_test_", "rk_test_", "sk_live_", "rk_live_"))
    ]
    stripe_webhook_secret: Annotated[tuple[WebhookSecret, ...], NoDecode, Field(min_length=1)]
    stripe_api_base: str = "https://api.stripe.com"
    # At most 27 characters before the @: with a plus and an id they are 64, the most:
    # https://www.rfc-editor.org/rfc/rfc5321#section-4.5.3.1.1
    billing_email: Annotated[str, Field(pattern=r"^[^@\s+]{1,27}@[^@\s]+\.[^@\s]+$")] | None = None
    organization_signup: Literal["open", "closed"] = "closed"
    topups_in_chat: Literal["on", "off"] = "on"
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8080
    public_url: str = "http://127.0.0.1:8080"
    telegram_webhook_secret: Annotated[SecretStr, Field(min_length=16)] | None = None
    trusted_proxy: IPvAnyNetwork | None = None  # whose X-Forwarded-For is believed
    metrics_token: Annotated[SecretStr, Field(min_length=16)] | None = None

    @field_validator("stripe_webhook_secret", "supabase_jwt_issuers", mode="before")
    @classmethod
    def split_secrets(cls, value: object) -> object:
        """Split at commas and spaces: there are two secrets while one replaces the other."""
        return tuple(value.replace(",", " ").split()) if isinstance(value, str) else value

    @field_validator("supabase_db_url")
    @classmethod
    def require_database(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        """Require the three settings of the REST API where SUPABASE_DB_URL is not set."""
        configured = {name for name, setting in info.data.items() if setting}
        if "supabase_service_role_key" in configured:
            configured.add("supabase_secret_key")
        names = ("supabase_url", "supabase_secret_key", "supabase_jwt_secret")
        lacking = [name.upper() for name in names if name not in configured]
        if value is None and lacking:
            or_else = "is missing; to go over Supabase's REST API instead, set {lacking}"
            raise PydanticCustomError("no_database", or_else, {"lacking": ", ".join(lacking)})
        return value

    @field_validator("public_url", "stripe_api_base", "supabase_url")
    @classmethod
    def base_address(cls, value: str | None) -> str | None:
        """Require http or https, and remove trailing slashes: each path begins with one."""
        if value is None:
            return None
        if not value.startswith(("http://", "https://")):
            raise ValueError("must be an http or https address")
        return value.rstrip("/")

    @model_validator(mode="after")
    def require_distinct_secrets(self) -> Self:
        """Refuse two secrets with the same value: whoever knows the one would have the other."""
        secrets = [(name, value) for name, value in self if isinstance(value, SecretStr)]
        if self.supabase_secret_key:  # the former name may have the same key
            secrets = [secret for secret in secrets if secret[0] != "supabase_service_role_key"]
        secrets += [("stripe_webhook_secret", secret) for secret in self.stripe_webhook_secret]
        owners: dict[str, list[str]] = {}
        for name, secret in secrets:
            owners.setdefault(secret.get_secret_value(), []).append(name.upper())
        for names in owners.values():
            if len(names) > 1:
                raise ValueError(f"{' and '.join(names)} are equal; each needs a value of its own")
        return self

    @model_validator(mode="after")
    def require_https_when_live(self) -> Self:
        """Refuse a live key without https in PUBLIC_URL: payers and API tokens are sent there."""
        if self.livemode and not self.https:
            raise ValueError(
                "STRIPE_SECRET_KEY is a live key, so PUBLIC_URL must begin with https://"
            )
        return self

    @property
    def supabase_key(self) -> SecretStr | None:
        """The project's secret key, read from the setting's name or its former one."""
        return self.supabase_secret_key or self.supabase_service_role_key

    @property
    def https(self) -> bool:
        """Whether PUBLIC_URL is https."""
        return self.public_url.startswith("https://")

    @property
    def livemode(self) -> bool:
        """Whether Stripe's key is a live one, which moves real money."""
        return "_live_" in self.stripe_secret_key.get_secret_value()[:8]
