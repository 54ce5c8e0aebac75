"""A payment as its operator sees it: what happened, each event and message, and what to do next."""

from collections.abc import Iterator
from datetime import UTC, datetime

from backend.database.functions import payments_search
from backend.database.functions.payments_search import EventOfPayment, OperatorTimeline
from backend.database.protocol import Database
from backend.schemas import PaymentStep, plain_name

OPEN_STATES = ("failed", "dead_letter")


class OperatorView(OperatorTimeline):
    """A payment with `next_steps`: sentences and commands, in the order to try them."""

    next_steps: tuple[str, ...]


async def find_payments(database: Database, name: str, max_rows: int) -> list[OperatorView]:
    """Return the payments of all organizations with a reference, an id of ours or of Stripe's."""
    text = str(plain_name(name))  # as copied: without characters that cannot be seen
    ids = await payments_search.list_payments_named(database, search_text=text, max_rows=max_rows)
    views = []
    for payment_id in ids:
        timeline = await payments_search.get_payment_for_operator(database, payment_id=payment_id)
        steps = tuple(next_steps(timeline))
        views.append(OperatorView(**dict(timeline), next_steps=steps))
    return views


def next_steps(timeline: OperatorTimeline) -> Iterator[str]:
    """Yield what to do about a payment; for one that waits for nothing, that nothing is to do."""
    open_events = [event for event in timeline.events if event.state in OPEN_STATES]
    match timeline.waits_for:
        case "operator":
            yield from steps_of_dead_letters(open_events)
        case "event":
            yield "An event could not be applied yet. The reconciler tries again every minute; now:"
            for event in open_events:
                yield f"python -m backend events retry {event.id}"
        case "stripe" | "payer" | "bank":
            yield "If Stripe says otherwise than the above, its webhook got lost. Ask it now:"
            yield "python -m backend reconcile"
        case "refund":
            yield "A refund is not at its end. Ask Stripe how far it is:"
            yield "python -m backend reconcile"
        case "telegram":
            yield "Telegram has not taken a message yet. Does the bot run, and may it write there?"
            yield "python -m backend doctor"
        case None:
            yield "Nothing: it waits for nothing."


def steps_of_dead_letters(events: list[EventOfPayment]) -> Iterator[str]:
    """Yield the ways out of each dead letter; where there is none, the review ends by itself."""
    if not events:
        yield "It is under review without an open event: python -m backend reconcile"
    for event in events:
        yield f"{event.type} is a dead letter ({event.reason}). See what Stripe has, then choose:"
        yield f"python -m backend events show {event.id}"
        yield f"python -m backend events retry {event.id}"
        yield f"python -m backend events accept {event.id} --dry-run"
        yield f"python -m backend events dismiss {event.id} --reason '...'"


def as_text(view: OperatorView) -> str:
    """Return a payment as text for a terminal; times are in UTC."""
    payment = view.payment
    head = f"{payment.reference}  {payment.money.amount} {payment.currency.upper()}"
    stripe_ids = (
        payment.stripe_checkout_session_id,
        payment.stripe_payment_intent_id,
        payment.stripe_invoice_id,
        payment.stripe_customer_id,
    )
    lines = [
        f"{head}  {payment.status}",
        f"  id            {payment.id}",
        f"  organization  {payment.organization_name} ({payment.organization_id})",
        f"  started by    {payment.paid_by or '-'}",
        f"  paid by       {payment.flow}, {payment.paid_with or '-'}",
        f"  order         {payment.order_reference or '-'}",
        f"  at Stripe     {' '.join(each for each in stripe_ids if each) or '-'}",
        f"  under review  {payment.under_review or '-'}",
        f"  refunded      {payment.refunded.amount if payment.refunded else '0'}",
        "What happened (UTC):",
        *(f"  {moment(step.at)}  {step_text(step)}" for step in view.steps),
        "Events of Stripe's:",
        *(f"  {event_text(event)}" for event in view.events),
        "Messages:",
        *(
            f"  {moment(each.delivered_at or each.created_at)}  {each.kind} to chat"
            f" {each.telegram_chat_id}: {each.state}{because(each.reason)}"
            for each in view.notifications
        ),
        f"Waits for: {view.waits_for or 'nothing'}",
        "What to do next:",
        *(f"  {step}" for step in view.next_steps),
    ]
    return "\n".join(lines)


def moment(at: datetime | None) -> str:
    """Return a time to the second, in UTC."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S}" if at else "-" * 19


def step_text(step: PaymentStep) -> str:
    """Return a step by its code, with what belongs to it."""
    parts: list[str] = [step.kind]
    if step.money:
        parts.append(f"{step.money.amount} {step.money.currency.upper()}")
    if step.balance:
        parts.append(f"balance {step.balance.amount}")
    if step.by:
        parts.append(f"by {step.by}")
    if step.count is not None:
        parts.append(f"{step.count} times")
    if step.detail:
        parts.append(f"({step.detail})")
    return " ".join(parts)


def event_text(event: EventOfPayment) -> str:
    """Return an event with its state, and how often it was tried."""
    tries = "1 try" if event.tries == 1 else f"{event.tries} tries"
    state = f"{event.state}{because(event.reason)}, {tries}"
    return f"{moment(event.received_at)}  {event.type} {event.id}: {state}"


def because(reason: str | None) -> str:
    """Return a reason in brackets; nothing where there is none."""
    return f" ({reason})" if reason else ""
