"""What can be made to go wrong between Stripe and the backend: POST /stripe/faults.

Each fault that a request names is set anew, the others stay; `{}` or `{"reset": true}` ends all.
"""

from pydantic import BaseModel, ConfigDict, Field


class Faults(BaseModel):
    """The faults in force.

    Deliveries, for events that are made from now on:
    - `twice`: every event is posted two times at once
    - `out_of_order`: the events of one act are posted last one first, 0.2 s apart
    - `late`: seconds before an event is posted for the first time
    - `drop`: events are stored and listed, never posted (as if webhooks were off)
    - `fail_first`: the first N attempts of each event are lost before they reach the backend
    - `only`: the event types that the endpoint asked for; empty means all

    The API, counted down by each POST /v1/* (GETs are left alone):
    - `api_timeout`: the next N are carried out, then the connection closes without an answer
    - `api_500`: the next N answer 500 before anything is done; kept under the idempotency key
    - `api_429`: the next N are refused as too many; not kept

    `delay`: seconds until a delayed payment settles, for payments that are made from now on.
    """

    model_config = ConfigDict(extra="forbid", strict=True)

    twice: bool = False
    out_of_order: bool = False
    late: float = Field(default=0, ge=0, le=86_400)
    drop: bool = False
    fail_first: int = Field(default=0, ge=0, le=1_000)
    only: list[str] = Field(default=[], max_length=100)
    api_timeout: int = Field(default=0, ge=0, le=1_000)
    api_500: int = Field(default=0, ge=0, le=1_000)
    api_429: int = Field(default=0, ge=0, le=1_000)
    delay: float = Field(default=3, ge=0, le=86_400)
    reset: bool = Field(default=False, exclude=True)

    def changed_by(self, wanted: "Faults") -> "Faults":
        """What is in force after this request."""
        if wanted.reset or not wanted.model_fields_set:
            return Faults()
        return self.model_copy(update=wanted.model_dump(exclude_unset=True))

    def spend(self, name: str) -> bool:
        """Use up one of a counted fault; False when there is none left."""
        left: int = getattr(self, name)
        if left:
            setattr(self, name, left - 1)
        return left > 0
