"""The base model, shared types, and the audiences of the tokens that the bot signs."""

from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

# The two kinds of token that the bot signs with BOT_API_SECRET (HS256).
BOT_ISSUER = "pursebot-bot"
ACTOR_AUDIENCE = "pursebot-api"  # `sub` is the acting Telegram user's id
SERVICE_AUDIENCE = "pursebot-internal"  # for /internal/* and nothing else
TOKEN_LIFETIME_SECONDS = 60
# WWW-Authenticate of a 401 for a token that was refused, not for a person who is not known.
INVALID_TOKEN = 'Bearer error="invalid_token"'  # noqa: S105 (no secret, what RFC 6750 names)

Json = dict[str, Any]  # a JSON object whose fields are not typed
Role = Literal["owner", "admin", "member"]


def amount_as_text(value: object) -> object:
    """Convert an amount in JSON to decimal text: 50, 50.0 and "50.00" are all accepted.

    A JSON number's point is a decimal point, so where three digits follow it, a fourth one is
    added, which keeps them from being read as thousands: 1.125 becomes "1.1250".
    """
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return value
    written = str(value)
    return f"{written}0" if len(written.partition(".")[2]) == 3 else written


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
    """The base of all models: frozen, and refusing fields that it does not name."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class WhichOrganization(Model):
    """The organization that a request is about."""

    organization_id: UUID
