"""What is measured, for Prometheus (https://prometheus.io/docs/practices/naming).

What one process sees is counted here, in a registry of our own. What must survive a restart, or is
the same for every process, is asked of the database at each scrape. No label holds a name, an id or
a secret, and each has a bounded number of values.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from backend.errors import PursebotError

Json = dict[str, Any]

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
        """The answer to a scrape; `figures` are `api.operating_figures`."""
        asked = CollectorRegistry()
        asked.register(Figures(figures))
        return generate_latest(self.registry) + generate_latest(asked)


class Figures(Collector):
    """The database's numbers, as they were a moment ago."""

    def __init__(self, figures: Json) -> None:
        """`figures` are `api.operating_figures`."""
        self._figures = figures

    def collect(self) -> Iterable[Metric]:
        """Each of them as a gauge."""
        payments = GaugeMetricFamily(
            "pursebot_payments", "Payments by how they stand and the last decline.",
            labels=("status", "decline"),
        )  # fmt: skip
        counted: dict[tuple[str, str], int] = defaultdict(int)
        for row in self._figures["payments"]:
            decline = row["decline"] if DECLINE_CODE.fullmatch(row["decline"]) else "other"
            counted[row["status"], decline] += row["number"]
        for labels, number in counted.items():
            payments.add_metric(labels, number)
        yield payments
        events = GaugeMetricFamily(
            "pursebot_open_events", "Stripe's events that wait for somebody.", labels=("state",)
        )
        for state, number in self._figures["events"].items():
            events.add_metric((state,), number)
        yield events
        outbox, updates = self._figures["outbox"], self._figures["updates"]
        for name, meaning, value in (
            ("overdue_payments", "Open long after they should be over.",
             self._figures["overdue_payments"]),
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
            yield GaugeMetricFamily(f"pursebot_{name}", meaning, value=value)
