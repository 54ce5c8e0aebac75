"""Disputes and early fraud warnings."""

from collections import Counter

from backend.stripe.metadata import INSTALLATION_METADATA, PAYMENT_METADATA, metadata_id
from backend.stripe.parsers.charges import BalanceTransaction, Charge
from backend.stripe.parsers.documented import Documented, Identified, Marked
from backend.stripe.parsers.facts import DisputeFact, DisputeStep, WarningFact


class EvidenceDetails(Documented):
    """`due_by` in seconds since 1970."""

    due_by: int | None = None


class Dispute(Marked):
    """https://docs.stripe.com/api/disputes/object."""

    livemode: bool
    charge: str
    amount: int
    currency: str
    status: str
    reason: str
    payment_intent: str | None = None
    evidence_details: EvidenceDetails | None = None
    balance_transactions: list[BalanceTransaction] | None = None


class EarlyFraudWarning(Identified):
    """https://docs.stripe.com/api/radar/early_fraud_warnings/object."""

    livemode: bool
    fraud_type: str
    payment_intent: str | None = None


def parse_dispute(dispute: Dispute, step: DisputeStep | None = None) -> DisputeFact:
    """Say how a dispute stands; `step` is what its event tells of."""
    movements = dispute.balance_transactions or []
    moved = Counter[str]()
    for movement in movements:
        moved[movement.currency] -= movement.amount
    return DisputeFact(
        about="dispute",
        outcome="told",
        installation=metadata_id(dispute.metadata, INSTALLATION_METADATA),
        payment_id=metadata_id(dispute.metadata, PAYMENT_METADATA),
        intent_id=dispute.payment_intent,
        id=dispute.id,
        livemode=dispute.livemode,
        currency=dispute.currency,
        charge_id=dispute.charge,
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
    """Say how a dispute stands as Stripe answered it, with its charge as settled.

    Where an event told that money moved and no transaction shows it, the event is believed.
    """
    fact = parse_dispute(dispute, step).as_refetched()
    if charge.settled and charge.settled.currency in fact.moved:
        fact = fact.model_copy(update={"charge_settled_minor": charge.settled.amount})
    if not fact.movements and step is not None:
        gone = dispute.amount if step == "withdrawn" else 0
        believed = {"movements": 1 if gone else 2, "moved": {dispute.currency: gone}}
        fact = fact.model_copy(update=believed)
    return fact


def parse_warning(warning: EarlyFraudWarning) -> WarningFact:
    """Say that the payer's bank fears fraud. A warning carries no metadata."""
    return WarningFact(
        about="warning",
        outcome="told",
        installation=None,
        payment_id=None,
        intent_id=warning.payment_intent,
        id=warning.id,
        livemode=warning.livemode,
        currency=None,
        reason=warning.fraud_type,
    )
