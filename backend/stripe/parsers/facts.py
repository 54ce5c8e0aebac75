"""Facts: what Stripe says about an object of ours, in one shape per subject.

`api.receive_events` applies a fact, and `stripe_events.fact` stores it: the subject (`about`), the
`outcome` (None: nothing for us), our ids from the metadata, Stripe's ids, amounts in minor units of
`currency`. `refetched`: Stripe answered it to a request of ours. No fact contains a name, an
address or more of a card than its last four digits.
"""

from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict

from backend.schemas import Json

About = Literal[
    "payment",
    "card",
    "refund",
    "refunds",
    "dispute",
    "warning",
    "method",
    "subscription",
    "invoice",
]
PaymentOutcome = Literal[
    "paid", "processing", "partly_funded", "declined", "failed", "expired", "canceled"
]
InvoiceOutcome = Literal["paid", "failed", "action_required"]
DisputeStep = Literal["withdrawn", "reinstated"]


class Fact(BaseModel):
    """What all facts have in common."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    outcome: str | None
    refetched: bool = False

    def as_json(self) -> Json:
        """Return the JSON that SQL takes: the keys that were set, those set to None included."""
        return self.model_dump(mode="json", exclude_unset=True)

    def as_refetched(self) -> Self:
        """Return the same fact as an answer of Stripe's to a request of ours."""
        return self.model_copy(update={"refetched": True})


class MoneyFact(Fact):
    """The base of facts about money: `happened_at` (seconds since 1970) is by Stripe's clock."""

    happened_at: int | None = None

    def reported_at(self, moment: int) -> Self:
        """Return the same fact, with the time of its event where its object has none of its own."""
        if self.happened_at is not None:
            return self
        return self.model_copy(update={"happened_at": moment})


class NoFact(Fact):
    """Nothing that is about us."""

    outcome: None


class PaymentFact(MoneyFact):
    """The state of a payment.

    `received_minor` is what arrived, `tax_minor` the part of it that is tax, `funded_minor` what
    has come of a bank transfer that is not whole yet. `plain`: the object has one amount throughout
    (no discount, tax, shipping, conversion or partial payment), so that its event may be credited
    from alone. Only a session has a `stripe_checkout_session_id`.
    """

    about: Literal["payment"]
    source: Literal["session", "intent"]
    outcome: PaymentOutcome | None
    installation: str | None
    payment_id: str | None
    stripe_checkout_session_id: str | None = None
    stripe_payment_intent_id: str | None
    stripe_customer_id: str | None
    received_minor: int | None
    funded_minor: int | None = None
    tax_minor: int
    plain: bool
    currency: str | None
    decline: str | None
    stripe_payment_method_id: str | None


class CardFact(Fact):
    """With what one of our payments was paid; `brand` and `last_four` where its type has them."""

    about: Literal["card"]
    outcome: Literal["charged"]
    installation: str | None
    payment_id: str
    stripe_payment_intent_id: str | None
    type: str
    brand: str | None
    last_four: str | None


class TakenBack(MoneyFact):
    """The base of facts about money that went back, or may.

    Its payment is found by our id from the metadata, or by the intent. `id` is the object's own.
    """

    outcome: Literal["reported"]
    installation: str | None
    payment_id: str | None
    stripe_payment_intent_id: str | None
    id: str
    livemode: bool | None
    currency: str | None


class RefundFact(TakenBack):
    """The state of a refund; `failure` is Stripe's code of why it did not reach the payer."""

    about: Literal["refund"]
    refund_id: str | None
    amount_minor: int
    status: str | None
    reason: str | None
    failure: str | None


class ChargeFact(TakenBack):
    """A charge, and how much of it was refunded in total, but not by which refunds."""

    about: Literal["refunds"]
    livemode: bool
    amount_minor: int


class DisputeFact(TakenBack):
    """The state of a dispute.

    `movements` is the number of its balance transactions, `moved` what they took in total, by
    currency, in minor units before fees. `step` is the movement that its event reports. `due_by`
    (seconds since 1970) is when evidence is due. `charge_settled_minor` is what the charge brought,
    in a currency of `moved`, if that was fetched.
    """

    about: Literal["dispute"]
    stripe_charge_id: str
    amount_minor: int
    status: str
    reason: str
    due_by: int | None
    step: DisputeStep | None
    movements: int
    moved: dict[str, int]
    charge_settled_minor: int | None = None


class WarningFact(TakenBack):
    """The payer's bank suspects fraud; `reason` is Stripe's `fraud_type`.

    `actionable` is False once it was disputed, or refunded as a whole.
    """

    about: Literal["warning"]
    reason: str
    actionable: bool


class MethodFact(Fact):
    """A payment method of somebody's changed, so that all of that customer's are to be synced.

    `link_id` is our setup link's; `organization_id` is whose customer it is by its metadata;
    `created`: it is new, and has no payment methods.
    """

    about: Literal["method"]
    outcome: Literal["changed", "created"]
    stripe_customer_id: str | None = None
    stripe_payment_method_id: str | None = None
    installation: str | None = None
    link_id: str | None = None
    organization_id: str | None = None


class SubscriptionFact(Fact):
    """A subscription changed, so that it is to be refetched: by our id and Stripe's."""

    about: Literal["subscription"]
    outcome: Literal["changed"]
    installation: str | None
    subscription_id: str | None
    stripe_subscription_id: str | None


class InvoiceFact(MoneyFact):
    """The state of a subscription's invoice.

    `received_minor` is what `intents` paid, `tax_minor` the part of it that is tax, `balance_minor`
    what the customer's credit balance at Stripe paid beside them. `amount_minor` was due; `first`:
    the invoice began the subscription; `tries` is how often Stripe tried to charge it; `url` is
    where it can be paid, unless it was.
    """

    about: Literal["invoice"]
    source: Literal["invoice"]
    outcome: InvoiceOutcome | None
    installation: str | None
    subscription_id: str | None
    stripe_subscription_id: str | None
    stripe_invoice_id: str
    intents: list[str]
    stripe_payment_intent_id: str | None
    received_minor: int
    tax_minor: int
    balance_minor: int = 0
    amount_minor: int
    currency: str
    first: bool
    tries: int
    url: str | None


class RefetchFact(Fact):
    """An object that is to be refetched, because its event's is not to be relied on."""

    about: About
    outcome: Literal["refetch"]
    kind: str
    object_id: str
    step: DisputeStep | None
    installation: str | None
    payment_id: str | None
    subscription_id: str | None


class UnreadableFact(Fact):
    """An event's object without an id, so that there is nothing to refetch."""

    about: About
    outcome: Literal["unreadable"]


STORED: dict[str, type[Fact]] = {
    "payment": PaymentFact,
    "card": CardFact,
    "refund": RefundFact,
    "refunds": ChargeFact,
    "dispute": DisputeFact,
    "warning": WarningFact,
    "method": MethodFact,
    "subscription": SubscriptionFact,
    "invoice": InvoiceFact,
}


def stored_fact(source: Json) -> Fact:
    """Parse a fact that `as_json` wrote into the inbox of events."""
    kind: Any = STORED[source["about"]]
    if source["outcome"] == "refetch":
        kind = RefetchFact
    elif source["outcome"] == "unreadable":
        kind = UnreadableFact
    fact: Fact = kind.model_validate(source)
    return fact
