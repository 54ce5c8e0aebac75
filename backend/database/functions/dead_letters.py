"""SQL functions of dead letters: list, retry, accept, adopt, dismiss."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, TypedDict
from uuid import UUID

from backend.database.functions.payments import PaymentRow
from backend.database.functions.stripe_events import EventResult, EventState
from backend.database.protocol import SERVICE, Database
from backend.database.rows import EntryRow, Row, StoredFact
from backend.stripe.parsers.facts import DisputeFact, Fact, RefundFact


class EventRow(Row):
    """A recorded event, and the payment that it is about where there is one.

    `tries` counts how often it was applied; `handled_at` is when it last was, or when
    a refetch failed.
    """

    id: str
    type: str
    state: EventState
    reason: str | None
    tries: int
    livemode: bool
    account: str | None
    api_version: str | None
    stripe_created_at: datetime
    received_at: datetime
    handled_at: datetime | None
    dismissed_at: datetime | None
    dismissed_by: str | None
    dismissed_reason: str | None
    fact: StoredFact
    payment: PaymentRow | None


class Inequality(Row):
    """A difference between Stripe and the wallet: decimal text in major units of `currency`."""

    what: Literal["received", "taken back"]
    currency: str
    at_stripe: str
    in_the_wallet: str


class DismissedEvent(EventRow):
    """A dismissed event; `stays_unequal` is the difference that nothing will post any more."""

    stays_unequal: Inequality | None


class AcceptedEvent(Row):
    """The ledger entries of an accepted event; `posted` is false for a dry run."""

    payment_id: UUID | None
    entries: list[EntryRow]
    posted: bool


class IntentAtStripe(TypedDict):
    """One PaymentIntent at Stripe, with amounts in minor units of `currency`.

    It was charged at `happened_at` (seconds since 1970).
    """

    stripe_payment_intent_id: str
    received_minor: int
    tax_minor: int
    currency: str
    happened_at: int | None
    stripe_payment_method_id: str | None


class MoneyAtStripe(TypedDict):
    """All that Stripe has of the money that an event is about, fetched for `accept_event`.

    `metadata_organization_id` is only shown: whose money it is, the customer or the operator says.
    """

    stripe_customer_id: str | None
    metadata_organization_id: str | None
    stripe_checkout_session_id: str | None
    stripe_invoice_id: str | None
    intents: list[IntentAtStripe]
    refunds: list[RefundFact]
    disputes: list[DisputeFact]


class SubscriptionAtStripe(TypedDict):
    """A subscription at Stripe: `id` is ours, of its metadata; `amount` in minor units."""

    id: str
    stripe_subscription_id: str
    stripe_customer_id: str | None
    metadata_organization_id: str | None
    amount: int
    currency: str
    interval: str
    stripe_payment_method_id: str | None


class AdoptedSubscription(Row):
    """A subscription that was adopted, and its events, which are to be applied again.

    `posted` is false for a dry run.
    """

    subscription_id: UUID
    organization_id: UUID
    event_ids: list[str]
    posted: bool


async def list_events(
    database: Database, *, states: Sequence[EventState], max_rows: int
) -> list[EventRow]:
    """List the last events in these states, newest first."""
    rows = await database.call("list_events", SERVICE, states=list(states), max_rows=max_rows)
    return [EventRow.model_validate(row) for row in rows]


async def get_event(database: Database, *, event_id: str) -> EventRow:
    """Read an event with its payment. Raises NotFound."""
    row = await database.call("get_event", SERVICE, event_id=event_id)
    return EventRow.model_validate(row)


async def retry_event(database: Database, *, event_id: str, fact: Fact) -> EventResult:
    """Apply an open event (failed or dead letter) again, with a newly fetched fact.

    Raises NotFound.
    """
    row = await database.call("retry_event", SERVICE, event_id=event_id, fact=fact.as_json())
    return EventResult.model_validate(row)


async def accept_event(
    database: Database,
    *,
    event_id: str,
    at_stripe: MoneyAtStripe,
    adopting: bool = False,
    organization_id: UUID | None = None,
    dry_run: bool = False,
) -> AcceptedEvent:
    """Post what Stripe moved, whatever was requested; with `dry_run` roll back and only answer it.

    `adopting` creates the payment where this database does not have it: for the organization that
    has Stripe's customer, or else for `organization_id`. Raises NotFound unless the event is open,
    CannotBeAccepted, OrganizationNeeded, CurrencyUnknown.
    """
    row = await database.call(
        "accept_event",
        SERVICE,
        event_id=event_id,
        at_stripe={
            **at_stripe,
            "refunds": [refund.as_json() for refund in at_stripe["refunds"]],
            "disputes": [dispute.as_json() for dispute in at_stripe["disputes"]],
        },
        adopting=adopting,
        organization_id=organization_id,
        dry_run=dry_run,
    )
    return AcceptedEvent.model_validate(row)


async def adopt_subscription(
    database: Database,
    *,
    at_stripe: SubscriptionAtStripe,
    organization_id: UUID | None = None,
    dry_run: bool = False,
) -> AdoptedSubscription:
    """Create a subscription that this database does not have, for the organization as above.

    With `dry_run` roll back and only answer. Raises CannotBeAccepted, OrganizationNeeded,
    CurrencyUnknown.
    """
    row = await database.call(
        "adopt_subscription",
        SERVICE,
        at_stripe=at_stripe,
        organization_id=organization_id,
        dry_run=dry_run,
    )
    return AdoptedSubscription.model_validate(row)


async def dismiss_event(
    database: Database, *, event_id: str, dismissed_by: str, reason: str
) -> DismissedEvent:
    """Close an open event without posting anything. Raises NotFound unless it is open."""
    row = await database.call(
        "dismiss_event", SERVICE, event_id=event_id, dismissed_by=dismissed_by, reason=reason
    )
    return DismissedEvent.model_validate(row)
