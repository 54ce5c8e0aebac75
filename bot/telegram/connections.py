"""HTTP connections to Telegram, which do not log the content of answers."""

import json
from typing import Any, Final

import httpx
from telegram.error import TelegramError
from telegram.request import HTTPXRequest

TRUSTED: Final = httpx.create_ssl_context()  # reading the authorities takes a while: once for all


class TelegramConnections(HTTPXRequest):
    """A pool of `size` connections. Timeouts in seconds: 10 to read and write, 5 to connect."""

    def __init__(self, size: int) -> None:
        """Make the pool; it opens with `initialize`."""
        super().__init__(size, 10, 10, 5, pool_timeout=5, httpx_kwargs={"verify": TRUSTED})

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        """Parse an answer. Raises TelegramError for what is no JSON object.

        It replaces the library's parser, which logs whole answers that it cannot parse: pages, and
        what people wrote.
        """
        try:
            answer = json.loads(payload.decode(errors="replace"))
        except (ValueError, RecursionError) as error:
            raise TelegramError("the answer is no JSON") from error
        if not isinstance(answer, dict):
            raise TelegramError("the answer is no JSON object")
        return answer
