"""What the reconciler does with whatever is raised: log it, count it, and go on."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import structlog

from backend.errors import PursebotError
from backend.services import Services

log = structlog.get_logger(__name__)


@dataclass
class CaughtFailure:
    """The code of what a block raised; None where it raised nothing."""

    code: str | None = None


@contextmanager
def caught_failure(
    services: Services, about: str, object_id: str | None = None
) -> Iterator[CaughtFailure]:
    """Log and count what the block raises, and do not raise it.

    The block is the part of a round that is `about` one noun, or what is done with one object of
    it. What is no PursebotError is a bug: it is logged with its traceback, and also counted in
    `pursebot_bugs`.
    """
    where = {"about": about} if object_id is None else {"about": about, "id": object_id}
    failure = CaughtFailure()
    with structlog.contextvars.bound_contextvars(**where):
        try:
            yield failure
        except TimeoutError:
            failure.code = "timeout"
            log.warning("reconcile_failed", code="timeout", **where)
        except PursebotError as error:
            failure.code = error.code
            if not error.was_logged():
                log.warning(
                    "reconcile_failed", code=error.code, **where, **error.facts, **error.details
                )
        except Exception:
            failure.code = PursebotError.code
            log.exception("reconcile_crashed", **where)
            services.metrics.bugs.labels("reconciler").inc()
    if failure.code is not None:
        services.metrics.reconciler_failures.labels(about).inc()
