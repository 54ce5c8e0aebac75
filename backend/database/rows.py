"""What the answers of SQL functions are made of: models of rows.

A row that is shown to people is a model of `backend/schemas`; what only the backend needs of it is
added in a model beside the function's wrapper. Ids are UUIDs, times are aware (UTC), amounts are
minor units of their currency.
"""

from pydantic import BaseModel, ConfigDict

from backend.schemas import Json

# What Stripe says of an object of ours, as backend/stripe/parsers writes it and SQL applies it: the
# subject it is `about`, the `outcome`, ids, amounts and codes; which more, the subject decides.
Fact = Json


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
