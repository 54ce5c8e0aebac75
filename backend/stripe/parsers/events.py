"""The envelope of Stripe's events. What an event is about, `backend.stripe.events` says."""

from typing import Annotated

from pydantic import BaseModel, Field

from backend.schemas import Json

LAST_SECOND = 253_402_300_799  # of the year 9999
Name = Annotated[str, Field(pattern=r"^[\x21-\x7e]{1,255}$")]


class EventData(BaseModel):
    """What the event is about, as Stripe rendered it."""

    object: Json


class StripeEvent(BaseModel):
    """https://docs.stripe.com/api/events/object. `created` in seconds since 1970.

    `account` is the connected account that it is about, if it is not about our own.
    """

    id: Name
    type: Name
    livemode: bool
    created: int = Field(ge=0, le=LAST_SECOND)
    account: str | None = Field(default=None, max_length=255)
    api_version: str | None = Field(default=None, max_length=255)
    data: EventData
