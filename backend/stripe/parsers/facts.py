"""What Stripe says about something of ours, in one shape: a fact.

A fact is what `api.receive_events` applies and the inbox of events keeps: the subject it is
`about`, the `outcome` (None: nothing for us), our ids from the metadata, Stripe's ids, amounts in
minor units of `currency`. `refetched` says that Stripe answered it to a question of ours. No name,
address or card detail is in a fact.
"""

from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict

from backend.schemas import Json

About = Literal[
    "payment", "refund", "refunds", "dispute", "warning", "method", "subscription", "invoice"
]
PaymentOutcome = Literal["paid", "processing", "declined", "failed", "expired", "canceled"]
InvoiceOutcome = Literal["paid", "failed", "action_required"]
DisputeStep = Literal["withdrawn", "reinstated"]


class Fact(BaseModel):
    """What all facts share."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    outcome: str | None
    refetched: bool = False

    def as_json(self) -> Json:
        """As SQL takes it: the keys that were given a value, None among them."""
        return self.model_dump(mode="json", exclude_unset=True)

    def as_refetched(self) -> Self:
        """The same as an answer of Stripe's to a question of ours."""
        return self.model_copy(update={"refetched": True})


class NoFact(Fact):
    """Nothing that concerns us."""

    outcome: None


class PaymentFact(Fact):
    """How far a payment is.

    `received_minor` is what arrived, of it `tax_minor` is tax. `plain`: the object names one sum in
    every way, so that an event of it may be believed. Only a session has a `session_id`.
    """

    about: Literal["payment"]
    source: Literal["session", "intent"]
    outcome: PaymentOutcome | None
    installation: str | None
    payment_id: str | None
    session_id: str | None = None
    intent_id: str | None
    customer_id: str | None
    received_minor: int | None
    tax_minor: int
    plain: bool
    currency: str | None
    decline: str | None
    stripe_payment_method_id: str | None


class TakenBack(Fact):
    """What money that went back, or may, says of whose it is: by metadata of ours, or by intent.

    `id` is the object's own.
    """

    outcome: Literal["told"]
    installation: str | None
    payment_id: str | None
    intent_id: str | None
    id: str
    livemode: bool | None
    currency: str | None


class RefundFact(TakenBack):
    """A refund as it stands; `failure` is Stripe's code of why it did not arrive."""

    about: Literal["refund"]
    refund_id: str | None
    amount_minor: int
    status: str | None
    reason: str | None
    failure: str | None


class ChargeFact(TakenBack):
    """A charge and how much of it went back in sum. It does not say in which refunds."""

    about: Literal["refunds"]
    livemode: bool
    amount_minor: int


class DisputeFact(TakenBack):
    """A dispute as it stands.

    `movements` counts its balance transactions, `moved` is what they took in sum, by currency, in
    minor units before fees. `step` is what its event tells of. `due_by` (seconds since 1970) is
    when evidence is due. `charge_settled_minor` is what the charge brought, in a currency of
    `moved`, where that was asked for.
    """

    about: Literal["dispute"]
    charge_id: str
    amount_minor: int
    status: str
    reason: str
    due_by: int | None
    step: DisputeStep | None
    movements: int
    moved: dict[str, int]
    charge_settled_minor: int | None = None


class WarningFact(TakenBack):
    """The payer's bank fears fraud; `reason` is the kind of it."""

    about: Literal["warning"]
    reason: str


class MethodFact(Fact):
    """Whose payment methods changed, by what is known of it: Stripe is asked how they stand now."""

    about: Literal["method"]
    outcome: Literal["changed"]
    customer_id: str | None = None
    method_id: str | None = None
    installation: str | None = None
    link_id: str | None = None


class SubscriptionFact(Fact):
    """A subscription changed, by our id and by Stripe's: it is asked how that stands now."""

    about: Literal["subscription"]
    outcome: Literal["changed"]
    installation: str | None
    subscription_id: str | None
    stripe_subscription_id: str | None


class InvoiceFact(Fact):
    """An invoice of a subscription's.

    `received_minor` is what `intents` paid, of it `tax_minor` is tax. `amount_minor` is what was
    due, `first` whether it began the subscription, `tries` how often Stripe has tried to charge it,
    `url` where it can be paid, where it was not.
    """

    about: Literal["invoice"]
    source: Literal["invoice"]
    outcome: InvoiceOutcome | None
    installation: str | None
    subscription_id: str | None
    stripe_subscription_id: str | None
    invoice_id: str
    intents: list[str]
    intent_id: str | None
    received_minor: int
    tax_minor: int
    amount_minor: int
    currency: str
    first: bool
    tries: int
    url: str | None


class RefetchFact(Fact):
    """The event's object is not believed or not readable: which one to fetch, and whose it is."""

    about: About
    outcome: Literal["refetch"]
    kind: str
    object_id: str
    step: DisputeStep | None
    installation: str | None
    payment_id: str | None
    subscription_id: str | None


class UnreadableFact(Fact):
    """The event's object does not even have an id: there is nothing to fetch."""

    about: About
    outcome: Literal["unreadable"]


STORED: dict[str, type[Fact]] = {
    "payment": PaymentFact,
    "refund": RefundFact,
    "refunds": ChargeFact,
    "dispute": DisputeFact,
    "warning": WarningFact,
    "method": MethodFact,
    "subscription": SubscriptionFact,
    "invoice": InvoiceFact,
}


def stored_fact(source: Json) -> Fact:
    """Read a fact back from the inbox of events, where `as_json` of it went."""
    kind: Any = STORED[source["about"]]
    if source["outcome"] == "refetch":
        kind = RefetchFact
    elif source["outcome"] == "unreadable":
        kind = UnreadableFact
    fact: Fact = kind.model_validate(source)
    return fact
