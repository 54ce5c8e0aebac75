"""What others rely on besides the chat: the API's document, log events, metrics.

Each function returns the whole text of the committed file that holds it, a line for each item where
possible, so that a diff names what others would notice.
"""

import json
from collections.abc import Callable
from pathlib import Path

from prometheus_client import Counter, Gauge, Histogram
from prometheus_client.parser import text_string_to_metric_families

from backend.database.functions.operating_figures import OperatingFigures
from backend.http.openapi import document
from backend.metrics import Metrics
from tests.snapshots.log_calls import log_events

FOLDER = Path(__file__).parent
ROOT = FOLDER.parent.parent
PROGRAMS = ("backend", "bot", "sandbox")
# Of each gauge that comes from the database, one sample. Numbers do not matter here.
FIGURES = {
    "livemode": None,
    "stripe_account_id": None,
    "payments": [{"status": "pending", "decline": "", "number": 1}],
    "overdue_payments": 0,
    "oldest_dead_letter_seconds": 0,
    "events_cursor_age_seconds": 0,
    "events": {
        "failed": 0,
        "dead_letters": 0,
        "unanswered": 0,
        "oldest_unanswered_seconds": 0,
    },
    "outbox": dict.fromkeys(("waiting", "due", "oldest_due_seconds", "unreachable_chats"), 0),
    "updates": {"waiting": 0, "oldest_seconds": 0, "abandoned": 0},
}


def openapi_json() -> str:
    """Return the OpenAPI document with sorted keys: the order of routes does not matter."""
    return json.dumps(document(), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def log_events_txt() -> str:
    """Return a line for each event that is logged: program, level, event, and its fields."""
    lines = {line for program in PROGRAMS for line in log_events(ROOT, program)}
    return "".join(f"{line}\n" for line in sorted(lines))


def metrics_txt() -> str:
    """Return a line for each metric: name, type, labels."""
    metrics = Metrics()
    for metric in vars(metrics).values():
        if isinstance(metric, Counter | Gauge | Histogram):
            count_once(metric)
    families = text_string_to_metric_families(
        metrics.render(OperatingFigures.model_validate(FIGURES)).decode()
    )
    lines = []
    for family in families:
        labels = {label for sample in family.samples for label in sample.labels} - {"le"}
        assert family.samples, f"{family.name}: a sample is needed to see its labels"
        total = "_total" if family.type == "counter" else ""
        lines.append(f"{family.name}{total} {family.type} {{{','.join(sorted(labels))}}}\n")
    return "".join(sorted(lines))


def count_once(metric: Counter | Gauge | Histogram) -> None:
    """Make a sample with made-up labels. The library has no public way to read their names."""
    one = metric.labels(*metric._labelnames) if metric._labelnames else metric
    if isinstance(one, Histogram):
        one.observe(1)
    else:
        one.inc()


SNAPSHOTS: dict[str, Callable[[], str]] = {
    "openapi.json": openapi_json,
    "log_events.txt": log_events_txt,
    "metrics.txt": metrics_txt,
}
