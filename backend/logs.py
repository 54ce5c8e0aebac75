"""Logs: one JSON object a line, on standard error. Secrets are never passed to a logger."""

import logging

import structlog
from structlog.typing import EventDict, WrappedLogger

from backend.schemas import mask_card_numbers, without_card_numbers

RENDER = structlog.processors.JSONRenderer()


def render_line(logger: WrappedLogger, name: str, event: EventDict) -> str:
    """Render a log event as JSON with every card number replaced, wherever it came from."""
    return without_card_numbers(str(RENDER(logger, name, mask_card_numbers(event))))


def configure_logs() -> None:
    """Configure structlog, and have libraries' records from WARNING on rendered the same way."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, render_line],
        )
    )
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("backend").setLevel(logging.INFO)
