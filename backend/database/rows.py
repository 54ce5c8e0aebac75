"""What the answers of SQL functions are made of: models of rows.

A row that is shown to people is a model of `backend/schemas`; what only the backend needs of it is
added in a model beside the function's wrapper. Ids are UUIDs, times are aware (UTC), amounts are
minor units of their currency.
"""

from pydantic import BaseModel, ConfigDict

from backend.schemas import Json

# What Stripe said of something of ours, as the inbox of events keeps it. It stays JSON until it is
# needed, when `stored_fact` of backend/stripe/parsers/facts.py reads it: an event whose fact cannot
# be read any more must not hold up those beside it.
StoredFact = Json


class Row(BaseModel):
    """Frozen. What a newer function answers beside what we know is left out."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class EntryRow(Row):
    """An entry of the ledger; `amount` and `balance_after` are decimal text in major units."""

    kind: str
    reference: str
    account: str
    currency: str
    amount: str
    balance_after: str
