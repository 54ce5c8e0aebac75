"""Logging: one JSON object a line on standard output, libraries' lines too, without secrets."""

import logging
import sys
from collections.abc import Iterable

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from backend.schemas import mask_card_numbers, without_card_numbers

COMMON_STEPS: tuple[Processor, ...] = (
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
)


class WithoutSecrets:
    """A structlog processor: renders a line as JSON without card numbers and without secrets."""

    def __init__(self, secrets: Iterable[str]) -> None:
        """Take the texts that no line may contain."""
        self._secrets = tuple(secrets)
        self._render = structlog.processors.JSONRenderer()

    def __call__(self, logger: WrappedLogger, name: str, event: EventDict) -> str:
        """Render the line; each secret in it becomes `[secret]`."""
        line = without_card_numbers(str(self._render(logger, name, mask_card_numbers(event))))
        for secret in self._secrets:
            line = line.replace(secret, "[secret]")
        return line


def start_logging(secrets: Iterable[str]) -> None:
    """Send our lines and the libraries' through the same processors to standard output.

    `secrets` are the texts that no line may contain. Libraries log from WARNING up: at INFO httpx
    writes each address that it calls, and those of the Bot API contain the bot's token.
    """
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=COMMON_STEPS,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                WithoutSecrets(secrets),
            ],
        )
    )
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.getLogger("bot").setLevel(logging.INFO)
    structlog.configure(
        processors=[*COMMON_STEPS, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )
