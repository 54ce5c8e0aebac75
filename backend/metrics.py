"""Metrics for Prometheus (https://prometheus.io/docs/practices/naming).

What one process counts is in a registry of its own. What must survive a restart, or is the same for
every process, is read from the database at each scrape. No label holds a name, an id or a secret,
and each has a bounded number of values.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from backend.database.functions.operating_figures import OperatingFigures
from backend.errors import PursebotError
from backend.schemas import Json

SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 300, 3600, 86_400)
# All of https://docs.stripe.com/declines/codes match; anything else is counted as "other", so that
# the label stays bounded.
DECLINE_CODE = re.compile(r"[a-z_]{0,50}")


class Metrics:
    """The counters and histograms of this process, since it started."""

    def __init__(self) -> None:
        """Register everything at zero."""
        self.registry = registry = CollectorRegistry()
        self.errors = Counter(
            "pursebot_errors",
            "Error responses by code and status.",
            ("code", "status"),
            registry=registry,
        )
        self.bugs = Counter(
            "pursebot_bugs", "Exceptions of ours, by where; the log has each traceback.",
            ("where",), registry=registry,
        )  # fmt: skip
        self.webhook_answers = Counter(
            "pursebot_webhook_answers", "Answers to Stripe's webhook deliveries.",
            ("type", "status"), registry=registry,
        )  # fmt: skip
        self.events_ignored = Counter(
            "pursebot_events_ignored", "Events of Stripe that change nothing here, and why.",
            ("reason",), registry=registry,
        )  # fmt: skip
        self.webhook_lag = Histogram(
            "pursebot_webhook_lag_seconds", "From Stripe's `created` (whole seconds) to commit.",
            buckets=SECONDS, registry=registry,
        )  # fmt: skip
        self.reconciler_rounds = Counter(
            "pursebot_reconciler_rounds", "Rounds of the reconciler that came to their end.",
            registry=registry,
        )  # fmt: skip
        self.reconciler_failures = Counter(
            "pursebot_reconciler_failures",
            "Steps and objects that a round of the reconciler left for the next one.",
            ("about",), registry=registry,
        )  # fmt: skip
        self.updates_unreadable = Counter(
            "pursebot_updates_unreadable", "Telegram updates that could not be parsed.",
            registry=registry,
        )  # fmt: skip
        self.payment_to_chat = Histogram(
            "pursebot_payment_to_chat_seconds", "From the credit to the payer's message.",
            buckets=SECONDS, registry=registry,
        )  # fmt: skip

    @contextmanager
    def webhook_answer(self) -> Iterator[Json]:
        """Count one webhook delivery by the status that the block ends with.

        It yields the labels: `type` is "unverified" until the block sets it from an event whose
        signature was verified. An exception that is no PursebotError counts as 500.
        """
        labels = {"type": "unverified"}
        status = 500
        try:
            yield labels
            status = 200
        except PursebotError as error:
            status = error.status
            raise
        finally:
            self.webhook_answers.labels(labels["type"], str(status)).inc()

    def render(self, figures: OperatingFigures) -> bytes:
        """Render everything in Prometheus's text format; `figures` were read for this scrape."""
        scraped = CollectorRegistry()
        payments = Gauge(
            "pursebot_payments", "Payments by status and last decline code.",
            ("status", "decline"), registry=scraped,
        )  # fmt: skip
        for row in figures.payments:
            decline = row.decline if DECLINE_CODE.fullmatch(row.decline) else "other"
            payments.labels(row.status, decline).inc(row.number)
        oldest = Gauge(
            "pursebot_dead_letter_oldest_seconds", "Age of the oldest dead letter.",
            registry=scraped,
        )  # fmt: skip
        oldest.set(figures.oldest_dead_letter_seconds)
        cursor = Gauge(
            "pursebot_events_cursor_age_seconds",
            "Since when the reconciler has not read Stripe's list of events.", registry=scraped,
        )  # fmt: skip
        cursor.set(figures.events_cursor_age_seconds)
        events = Gauge(
            "pursebot_events_open", "Events that failed, wait for Stripe, or are dead letters.",
            ("state",), registry=scraped,
        )  # fmt: skip
        events.labels("failed").set(figures.events.failed)
        events.labels("dead_letter").set(figures.events.dead_letters)
        events.labels("unanswered").set(figures.events.unanswered)
        unanswered = Gauge(
            "pursebot_events_unanswered_oldest_seconds",
            "Since when Stripe has given no answer about an event's object.", registry=scraped,
        )  # fmt: skip
        unanswered.set(figures.events.oldest_unanswered_seconds)
        overdue = Gauge(
            "pursebot_payments_overdue", "Payments open past their end.", registry=scraped
        )
        overdue.set(figures.overdue_payments)
        for name, help_text, number in waiting(figures):
            Gauge(name, help_text, registry=scraped).set(number)
        return generate_latest(self.registry) + generate_latest(scraped)


def waiting(figures: OperatingFigures) -> Iterator[tuple[str, str, float]]:
    """List the gauges of the outbox and of Telegram's updates: name, help text, value."""
    outbox, updates = figures.outbox, figures.updates
    yield "pursebot_outbox_waiting", "Notifications not delivered yet.", outbox.waiting
    yield "pursebot_outbox_due", "Of these: due now, in a reachable chat.", outbox.due
    yield (
        "pursebot_outbox_oldest_due_seconds",
        "Age of the oldest of those.",
        outbox.oldest_due_seconds,
    )
    yield (
        "pursebot_outbox_unreachable_chats",
        "Chats in which the bot may not write.",
        outbox.unreachable_chats,
    )
    yield (
        "pursebot_updates_waiting",
        "Stored updates not handled yet (webhook mode).",
        updates.waiting,
    )
    yield (
        "pursebot_updates_abandoned",
        "Updates given up: unreadable, or five failed tries.",
        updates.abandoned,
    )
