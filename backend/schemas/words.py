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


def amount_as_text(value: object) -> object:
    """An amount as the caller wrote it: 50, 50.0 and "50.00" are all read as decimal text.

    A JSON number's point is a decimal point, so where three digits follow it, a fourth makes sure
    that nobody takes them for thousands: 1.125 becomes "1.1250".
    """
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return value
    written = str(value)
    return f"{written}0" if len(written.partition(".")[2]) == 3 else written


def in_one_line(text: object) -> object:
    """A text as it fits beside others: line breaks and what else cannot be seen are spaces."""
    if not isinstance(text, str):
        return text
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())


AMOUNT_RULE = (
    'Major units, as a number or as decimal text ("1000.00"). A text with three digits after its'
    ' one separator ("1,000", "1.000") means two amounts in a currency of none or two decimals: 422'
    " amount_ambiguous, with both readings. More decimals than the currency has, in a number or a"
    " text: 422 amount_too_precise."
)

# Telegram's ids fit in 52 bits: https://core.telegram.org/bots/api#chat
MessageId = Annotated[int, Field(gt=0, lt=2**31)]
TelegramId = Annotated[int, Field(gt=-(2**53), lt=2**53)]
AmountText = Annotated[
    str,
    BeforeValidator(amount_as_text),
    Field(max_length=64),
    WithJsonSchema(
        {
            "anyOf": [{"type": "string", "maxLength": 64}, {"type": "number"}],
            "description": AMOUNT_RULE,
            "examples": ["1000.00"],
        }
    ),
]


class Model(BaseModel):
    """Frozen, and strict about names: an unknown field is a mistake the caller should hear of."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class WhichOrganization(Model):
    """The organization that is meant."""

    organization_id: UUID
