"""Disputes and early fraud warnings."""

from collections import Counter

from backend.stripe.metadata import INSTALLATION_METADATA, PAYMENT_METADATA, metadata_id
from backend.stripe.parsers.charges import BalanceTransaction, Charge
from backend.stripe.parsers.documented import Documented, Identified, Marked
from backend.stripe.parsers.facts import DisputeFact, DisputeStep, WarningFact


class EvidenceDetails(Documented):
    """When evidence is due: `due_by` in seconds since 1970."""

    due_by: int | None = None


class Dispute(Marked):
    """A dispute; `amount` in minor units of `currency`, `created` in seconds since 1970.

    https://docs.stripe.com/api/disputes/object
    """

    livemode: bool
    charge: str
    amount: int
    currency: str
    status: str
    reason: str
    created: int | None = None
    payment_intent: str | None = None
    evidence_details: EvidenceDetails | None = None
    balance_transactions: list[BalanceTransaction] | None = None


class EarlyFraudWarning(Identified):
    """An early fraud warning: https://docs.stripe.com/api/radar/early_fraud_warnings/object."""

    livemode: bool
    fraud_type: str
    actionable: bool = True
    payment_intent: str | None = None


def parse_dispute(dispute: Dispute, step: DisputeStep | None = None) -> DisputeFact:
    """Make the fact of a dispute's state; `step` is the movement that its event reports.

    It happened when its last balance transaction did.
    """
    movements = dispute.balance_transactions or []
    moved = Counter[str]()
    for movement in movements:
        moved[movement.currency] -= movement.amount
    times = [movement.created for movement in movements if movement.created is not None]
    return DisputeFact(
        about="dispute",
        outcome="reported",
        happened_at=max(times, default=None if movements else dispute.created),
        installation=metadata_id(dispute.metadata, INSTALLATION_METADATA),
        payment_id=metadata_id(dispute.metadata, PAYMENT_METADATA),
        stripe_payment_intent_id=dispute.payment_intent,
        id=dispute.id,
        livemode=dispute.livemode,
        currency=dispute.currency,
        stripe_charge_id=dispute.charge,
        amount_minor=dispute.amount,
        status=dispute.status,
        reason=dispute.reason,
        due_by=dispute.evidence_details.due_by if dispute.evidence_details else None,
        step=step,
        movements=len(movements),
        moved=dict(moved),
    )


def parse_refetched_dispute(
    dispute: Dispute, charge: Charge, step: DisputeStep | None
) -> DisputeFact:
    """Make the fact of a dispute's state as Stripe answered it, with its settled charge.

    Where an event reports a movement and no balance transaction shows it yet, the event counts.
    """
    fact = parse_dispute(dispute, step).as_refetched()
    if charge.settled and charge.settled.currency in fact.moved:
        fact = fact.model_copy(update={"charge_settled_minor": charge.settled.amount})
    if fact.movements:
        return fact
    if step == "withdrawn":
        return fact.model_copy(update={"movements": 1, "moved": {dispute.currency: dispute.amount}})
    if step == "reinstated":  # withdrawn before, and returned
        return fact.model_copy(update={"movements": 2, "moved": {dispute.currency: 0}})
    return fact


def parse_warning(warning: EarlyFraudWarning) -> WarningFact:
    """Make the fact that the payer's bank suspects fraud, and whether a refund may help still.

    A warning has no metadata.
    """
    return WarningFact(
        about="warning",
        outcome="reported",
        installation=None,
        payment_id=None,
        stripe_payment_intent_id=warning.payment_intent,
        id=warning.id,
        livemode=warning.livemode,
        currency=None,
        reason=warning.fraud_type,
        actionable=warning.actionable,
    )
