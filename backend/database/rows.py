"""Row models: what SQL functions answer.

A row that people see is a model of `backend/schemas`; what only the backend needs is added in a
model beside the function. Ids are UUIDs, times are aware (UTC), amounts are minor units of their
currency.
"""

from pydantic import BaseModel, ConfigDict

from backend.schemas import Json

# A fact as `stripe_events.fact` stores it. It stays JSON until `stored_fact` of
# backend/stripe/parsers/facts.py parses it, so that one that cannot be parsed any more does not
# keep the other rows of a list from being read.
StoredFact = Json


class Row(BaseModel):
    """The base of row models: frozen, and ignoring fields that a newer SQL function adds."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class EntryRow(Row):
    """A ledger entry; both amounts are decimal text in major units of `currency`."""

    kind: str
    reference: str
    account: str
    currency: str
    amount: str
    balance_after: str
