"""The envelope of Stripe's events; `backend.stripe.events` parses the object in it."""

from typing import Annotated

from pydantic import BaseModel, Field

from backend.schemas import Json

LAST_SECOND = 253_402_300_799  # of the year 9999
Name = Annotated[str, Field(pattern=r"^[\x21-\x7e]{1,255}$")]


class EventData(BaseModel):
    """The object that an event is about, as JSON in the event's API version."""

    object: Json


class StripeEvent(BaseModel):
    """An event; `created` in seconds since 1970: https://docs.stripe.com/api/events/object.

    `account` is the connected account that it is about, None for our own.
    """

    id: Name
    type: Name
    livemode: bool
    created: int = Field(ge=0, le=LAST_SECOND)
    account: str | None = Field(default=None, max_length=255)
    api_version: str | None = Field(default=None, max_length=255)
    data: EventData
