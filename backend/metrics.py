"""What is measured, for Prometheus (https://prometheus.io/docs/practices/naming).

What one process sees is counted here, in a registry of our own. What must survive a restart, or is
the same for every process, is asked of the database at each scrape. No label holds a name, an id or
a secret, and each has a bounded number of values.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from backend.errors import PursebotError
from backend.schemas import Json

SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 300, 3600, 86_400)
# https://docs.stripe.com/declines/codes are all of this form; what is not one is not repeated.
DECLINE_CODE = re.compile(r"[a-z_]{0,50}")


class Metrics:
    """What this process has counted since it began."""

    def __init__(self) -> None:
        """Nothing yet."""
        self.registry = CollectorRegistry()
        self.errors = Counter(
            "pursebot_errors", "Answers that were errors.", ("code", "status"),
            registry=self.registry,
        )  # fmt: skip
        self.webhook_answers = Counter(
            "pursebot_webhook_answers", "What Stripe's deliveries were answered.",
            ("type", "status"), registry=self.registry,
        )  # fmt: skip
        self.webhook_lag = Histogram(
            "pursebot_webhook_lag_seconds", "From Stripe's `created` (whole seconds) to commit.",
            buckets=SECONDS, registry=self.registry,
        )  # fmt: skip
        self.payment_to_chat = Histogram(
            "pursebot_payment_to_chat_seconds", "From the credit to the payer's message saying so.",
            buckets=SECONDS, registry=self.registry,
        )  # fmt: skip

    @contextmanager
    def webhook_answer(self) -> Iterator[Json]:
        """Counts how the block ends; the block writes the event's `type` once it trusts it."""
        about = {"type": "unverified"}
        status = 500
        try:
            yield about
            status = 200
        except PursebotError as error:
            status = error.status
            raise
        finally:
            self.webhook_answers.labels(about["type"], str(status)).inc()

    def text(self, figures: Json) -> bytes:
        """The answer to a scrape; `figures` are `api.operating_figures`, of a moment ago."""
        asked = CollectorRegistry()
        payments = Gauge(
            "pursebot_payments", "Payments by how they stand and the last decline.",
            ("status", "decline"), registry=asked,
        )  # fmt: skip
        for row in figures["payments"]:
            decline = row["decline"] if DECLINE_CODE.fullmatch(row["decline"]) else "other"
            payments.labels(row["status"], decline).inc(row["number"])
        events = Gauge(
            "pursebot_open_events", "Stripe's events that wait for somebody.", ("state",),
            registry=asked,
        )  # fmt: skip
        for state, number in figures["events"].items():
            events.labels(state).set(number)
        outbox, updates = figures["outbox"], figures["updates"]
        for name, meaning, value in (
            ("overdue_payments", "Open long after they should be over.",
             figures["overdue_payments"]),
            ("outbox_waiting", "Notifications not delivered yet.", outbox["waiting"]),
            ("outbox_due", "Of these: due now, in a reachable chat.", outbox["due"]),
            ("outbox_oldest_due_seconds", "How long the oldest of those is due.",
             outbox["oldest_due_seconds"]),
            ("outbox_unreachable_chats", "Chats that do not let the bot write.",
             outbox["unreachable_chats"]),
            ("updates_waiting", "What people did and the bot has not handled (webhook mode).",
             updates["waiting"]),
            ("updates_given_up", "What killed the bot five times.", updates["given_up"]),
        ):  # fmt: skip
            Gauge(f"pursebot_{name}", meaning, registry=asked).set(value)
        return generate_latest(self.registry) + generate_latest(asked)
