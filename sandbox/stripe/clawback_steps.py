"""The steps of refunds, disputes and early fraud warnings, as one table.

Sources: https://docs.stripe.com/refunds, https://docs.stripe.com/disputes/how-disputes-work,
https://support.stripe.com/questions/dispute-for-full-charge-amount-after-a-partial-refund-was-issued
and https://docs.stripe.com/changelog/basil/2025-08-27/add-preventions-to-dispute.

An inquiry takes no money: what is refunded during one is never disputed. Of a dispute that is lost
after a refund, the refunded part is returned. A prevented one is not disputed at all: `resolve`
gives the payer the money without a fee, `block` leaves that to a refund.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from sandbox.store import Json
from sandbox.stripe import balance
from sandbox.stripe.local_stripe import LocalStripe

# Moves the balance for a refund or a dispute of a charge; returns whether anything moved.
Movement = Callable[[LocalStripe, Json, Json, int], bool]

NEW = ""  # the status of an object that is about to be made
NO_STATUS = "null"  # of a refund whose status Stripe leaves empty


@dataclass(frozen=True)
class ClawbackStep:
    """One step of an object of kind `of`, possible in the statuses `starts_from`.

    `changes` are fields that it sets, `needs_evidence` sets a date for evidence. `events` are
    posted in order, `events_if_moved` after them where `move_money` returned true.
    """

    of: str
    starts_from: tuple[str, ...]
    events: tuple[str, ...]
    changes: Json = field(default_factory=dict)
    needs_evidence: bool = False
    move_money: Movement | None = None
    events_if_moved: tuple[str, ...] = ()


REFUND_CREATED = ("refund.created", "charge.refunded")
REFUND_UPDATED = ("refund.updated", "charge.refund.updated")
UNFINISHED_REFUND = ("pending", NO_STATUS, "in_transit")
INQUIRY = ("warning_needs_response", "warning_under_review")
OPEN_DISPUTE = ("needs_response", "under_review")

STEPS = {
    "refund": ClawbackStep(
        of="refund",
        starts_from=(NEW,),
        changes={"status": "succeeded"},
        move_money=balance.refund_taken,
        events=REFUND_CREATED,
    ),
    "refund_pending": ClawbackStep(
        of="refund",
        starts_from=(NEW,),
        changes={"status": "pending"},
        move_money=balance.refund_taken,
        events=REFUND_CREATED,
    ),
    "refund_without_status": ClawbackStep(
        of="refund",
        starts_from=(NEW,),
        changes={"status": None},
        move_money=balance.refund_taken,
        events=REFUND_CREATED,
    ),
    "refund_of_unknown_status": ClawbackStep(
        of="refund",
        starts_from=(NEW,),
        changes={"status": "in_transit"},
        move_money=balance.refund_taken,
        events=REFUND_CREATED,
    ),
    "succeed": ClawbackStep(
        of="refund",
        starts_from=UNFINISHED_REFUND,
        changes={"status": "succeeded"},
        events=REFUND_UPDATED,
    ),
    "fail": ClawbackStep(
        of="refund",
        starts_from=(*UNFINISHED_REFUND, "succeeded"),
        changes={"status": "failed", "failure_reason": "lost_or_stolen_card"},
        move_money=balance.refund_returned,
        events=("refund.failed", *REFUND_UPDATED),
    ),
    "inquire": ClawbackStep(
        of="dispute",
        starts_from=(NEW,),
        changes={"status": "warning_needs_response", "is_charge_refundable": True},
        needs_evidence=True,
        events=("charge.dispute.created",),
    ),
    "answer": ClawbackStep(
        of="dispute",
        starts_from=("warning_needs_response",),
        changes={"status": "warning_under_review"},
        events=("charge.dispute.updated",),
    ),
    "close": ClawbackStep(
        of="dispute",
        starts_from=INQUIRY,
        changes={"status": "warning_closed"},
        events=("charge.dispute.closed",),
    ),
    "escalate": ClawbackStep(
        of="dispute",
        starts_from=INQUIRY,
        changes={"status": "needs_response", "is_charge_refundable": False},
        move_money=balance.dispute_taken,
        events=("charge.dispute.updated", "charge.dispute.funds_withdrawn"),
    ),
    "dispute": ClawbackStep(
        of="dispute",
        starts_from=(NEW,),
        changes={"status": "needs_response"},
        needs_evidence=True,
        move_money=balance.dispute_taken,
        events=("charge.dispute.created", "charge.dispute.funds_withdrawn"),
    ),
    "respond": ClawbackStep(
        of="dispute",
        starts_from=("needs_response",),
        changes={"status": "under_review"},
        events=("charge.dispute.updated",),
    ),
    "win": ClawbackStep(
        of="dispute",
        starts_from=OPEN_DISPUTE,
        changes={"status": "won"},
        move_money=balance.dispute_returned,
        events=("charge.dispute.closed", "charge.dispute.funds_reinstated"),
    ),
    "lose": ClawbackStep(
        of="dispute",
        starts_from=OPEN_DISPUTE,
        changes={"status": "lost"},
        move_money=balance.refunded_part_returned,
        events=("charge.dispute.closed",),
        events_if_moved=("charge.dispute.funds_reinstated",),
    ),
    "adjust": ClawbackStep(
        of="dispute",
        starts_from=(*OPEN_DISPUTE, "won", "lost"),
        move_money=balance.dispute_adjusted,
        events=("charge.dispute.updated",),
    ),
    "resolve": ClawbackStep(
        of="dispute",
        starts_from=(NEW,),
        changes={"status": "prevented"},
        move_money=balance.dispute_taken_without_fee,
        events=("charge.dispute.created", "charge.dispute.funds_withdrawn"),
    ),
    "block": ClawbackStep(
        of="dispute",
        starts_from=(NEW,),
        changes={"status": "prevented", "is_charge_refundable": True},
        events=("charge.dispute.created",),
    ),
    "warn": ClawbackStep(
        of="radar.early_fraud_warning",
        starts_from=(NEW,),
        events=("radar.early_fraud_warning.created",),
    ),
}


def possible_steps(kind: str, status: str) -> list[str]:
    """Return the names of the steps that are possible for an object in this status."""
    return [name for name, step in STEPS.items() if step.of == kind and status in step.starts_from]


def first_steps() -> list[str]:
    """Return the names of the steps that make a refund, dispute or warning of a paid charge."""
    return [name for name, step in STEPS.items() if step.starts_from == (NEW,)]
