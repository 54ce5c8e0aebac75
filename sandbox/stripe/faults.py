"""Faults between Stripe and the backend: POST /stripe/faults."""

from typing import Annotated, Literal

from pydantic import Field, field_validator

from sandbox.faults import Faults
from sandbox.stripe.currencies import CURRENCIES
from sandbox.stripe.readable import READABLE


class StripeFaults(Faults):
    """The faults in force. Times are in seconds.

    Deliveries, for events that are made from now on:
    - `twice`: every event is posted two times at once
    - `out_of_order`: the events of one act are posted last one first, 0.2 s apart
    - `late`: how long until an event is posted for the first time
    - `drop`: events are stored and listed, never posted (as if webhooks were off)
    - `fail_first`: the first N attempts of each event are lost before they reach the backend
    - `only`: the event types that the endpoint asked for; empty means all

    The API, counted down by each POST /v1/*:
    - `api_timeout`: the next N are carried out, then the connection closes without an answer
    - `api_500`: the next N answer 500 before anything is done; kept under the idempotency key
    - `api_429`: the next N are refused as too many; not kept
    - `api_slow`: how long from when it was carried out until it is answered, not counted down

    `unreadable`: kinds of objects, such as `dispute`, whose GET by id is answered 503.

    Events that are made from now on:
    - `account`: they are of this connected account, and name it
    - `api_version`: they are rendered in this version; None: in the SDK's
    - `thin`: they are posted without the object that they are about

    Pages and invoices that are paid from now on:
    - `tax_percent`, `discount_percent`: what is added to the price, and taken off it before
    - `presentment`: the currency in which payers see the price (Adaptive Pricing)

    The account, for money that moves from now on:
    - `settlement`: the currency in which it is paid out; None: each charge's own
    - `rates`: what one unit of a currency is worth in euros, where that is not as usual

    `lacks`: what the key may not do, such as `product_write`; `[]` ends that.

    `key_rolled`: the key was replaced by another; every call that has it is answered 401.

    `portal_unsaved`: nobody has saved the settings of the customer portal. `portal_updates`: what
    customers can change about themselves there, such as `email`.

    `refused_emails`: the addresses that no customer may have, as Stripe refuses invalid ones.

    `clock`: how far the dates of its answers are ahead of this machine's clock.

    `delay`: how long until a delayed payment settles, for payments that are made from now on.
    """

    twice: bool = False
    out_of_order: bool = False
    late: float = Field(default=0, ge=0, le=86_400)
    drop: bool = False
    fail_first: int = Field(default=0, ge=0)
    only: list[str] = Field(default=[])
    api_timeout: int = Field(default=0, ge=0)
    api_500: int = Field(default=0, ge=0)
    api_429: int = Field(default=0, ge=0)
    unreadable: list[str] = Field(default=[])
    api_slow: float = Field(default=0, ge=0, le=60)
    api_version: Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\d(\.[a-z]+)?$")] | None = None
    thin: bool = False
    tax_percent: float = Field(default=0, ge=0, le=100)
    discount_percent: float = Field(default=0, ge=0, le=100)
    presentment: str | None = None
    account: Annotated[str, Field(pattern=r"^acct_\w+$")] | None = None
    settlement: str | None = None
    rates: dict[str, Annotated[float, Field(gt=0)]] = Field(default={})
    lacks: list[str] = Field(default=[])
    key_rolled: bool = False
    portal_unsaved: bool = False
    portal_updates: list[Literal["address", "email", "name", "phone", "shipping", "tax_id"]] = (
        Field(default=[])
    )
    refused_emails: list[str] = Field(default=[])
    clock: float = Field(default=0, ge=-86_400, le=86_400)
    delay: float = Field(default=3, ge=0, le=86_400)

    @field_validator("settlement", "presentment")
    @classmethod
    def is_in_table(cls, currency: str | None) -> str | None:
        """Refuse a currency that is not in the table."""
        if currency is not None and currency not in CURRENCIES:
            raise ValueError(f"the currencies are {', '.join(CURRENCIES)}")
        return currency

    @field_validator("unreadable")
    @classmethod
    def are_readable_kinds(cls, kinds: list[str]) -> list[str]:
        """Refuse a kind of object that cannot be read by its id anyway."""
        if any(kind not in READABLE for kind in kinds):
            raise ValueError(f"the kinds are {', '.join(READABLE)}")
        return kinds

    def take_timeout(self) -> bool:
        """Return whether this call gets no answer, and count it down."""
        if self.api_timeout == 0:
            return False
        self.api_timeout -= 1
        return True

    def take_500(self) -> bool:
        """Return whether this call is answered 500, and count it down."""
        if self.api_500 == 0:
            return False
        self.api_500 -= 1
        return True

    def take_429(self) -> bool:
        """Return whether this call is refused as one too many, and count it down."""
        if self.api_429 == 0:
            return False
        self.api_429 -= 1
        return True
