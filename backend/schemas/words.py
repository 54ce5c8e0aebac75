"""What all models are made of, and the tokens that the bot signs."""

from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

# Who is calling: the two kinds of token that the bot signs with BOT_API_SECRET (HS256).
BOT_ISSUER = "pursebot-bot"
ACTOR_AUDIENCE = "pursebot-api"  # `sub` is the acting Telegram user's id
SERVICE_AUDIENCE = "pursebot-internal"  # opens /internal/* and nothing else
TOKEN_LIFETIME_SECONDS = 60

Json = dict[str, Any]  # an object, of the database's or of somebody else's
Role = Literal["owner", "admin", "member"]


def as_written(value: object) -> object:
    """An amount as the caller wrote it: 50, 50.0 and "50.00" are all read as decimal text."""
    if isinstance(value, bool):
        return value
    return str(value) if isinstance(value, int | float | Decimal) else value


def in_one_line(text: object) -> object:
    """A text as it fits beside others: line breaks and what else cannot be seen are spaces."""
    if not isinstance(text, str):
        return text
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())


# Telegram's ids fit in 52 bits: https://core.telegram.org/bots/api#chat
MessageId = Annotated[int, Field(gt=0, lt=2**31)]
TelegramId = Annotated[int, Field(gt=-(2**53), lt=2**53)]
AmountText = Annotated[
    str,
    BeforeValidator(as_written),
    Field(max_length=64),
    WithJsonSchema({"anyOf": [{"type": "string", "maxLength": 64}, {"type": "number"}]}),
]


class Model(BaseModel):
    """Frozen, and strict about names: an unknown field is a mistake the caller should hear of."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class WhichOrganization(Model):
    """The organization that is meant."""

    organization_id: UUID
