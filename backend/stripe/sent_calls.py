"""Which call was sent last: the SDK's errors do not say which one they answer."""

from collections.abc import Mapping
from contextvars import ContextVar
from urllib.parse import urlsplit

import stripe

# Of each task its own: `POST /v1/refunds`.
_last_call: ContextVar[str] = ContextVar("last_call", default="")


def last_call() -> str:
    """Return method and path of the last call that this task sent to Stripe, "" before any."""
    return _last_call.get()


class RecordingHttpClient(stripe.AIOHTTPClient):
    """The SDK's HTTP client, which records the method and path of each call that it sends."""

    async def request_async(
        self, method: str, url: str, headers: Mapping[str, str], post_data: object = None
    ) -> tuple[bytes, int, Mapping[str, str]]:
        """Send a request as the base class does."""
        _last_call.set(f"{method.upper()} {urlsplit(url).path}")
        return await super().request_async(method, url, headers, post_data)
