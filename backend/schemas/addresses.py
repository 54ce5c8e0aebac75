"""Addresses in settings and headers, judged the same by the backend, the doctor and the bot."""

from typing import Final
from urllib.parse import SplitResult, urlsplit

THIS_MACHINE: Final = ("127.0.0.1", "localhost", "::1")
TELEGRAM_HOST: Final = "api.telegram.org"
# https://core.telegram.org/bots/api#setwebhook
WEBHOOK_PORTS: Final = (443, 80, 88, 8443)


def is_this_machine(host: str) -> bool:
    """Whether a host, with or without a port, is this machine by a name that nobody else has."""
    parts = _split(f"//{host}")
    return parts is not None and parts.hostname in THIS_MACHINE


def webhook_url_problem(url: str, api_base: str) -> str | None:
    """Why Telegram at `api_base` would not post to `url`, as a sentence goes on; or None.

    The Bot API server of one's own, and the local Telegram, also post to this machine over http.
    """
    parts, api = _split(url), _split(api_base)
    if parts is None or not parts.hostname:
        return "must be an https address; Telegram posts to no other"
    is_local = parts.hostname in THIS_MACHINE
    if api is None or api.hostname != TELEGRAM_HOST:
        if parts.scheme == "https" or (parts.scheme == "http" and is_local):
            return None
        return "must be an https address; Telegram posts to no other"
    if parts.scheme != "https":
        return "must be an https address; Telegram posts to no other"
    if is_local:
        return "must be an address that Telegram reaches from outside, not one of this machine"
    if (parts.port or 443) not in WEBHOOK_PORTS:
        return f"must have one of Telegram's ports: {', '.join(map(str, WEBHOOK_PORTS))}"
    return None


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 (raises ValueError for what is no port)
    except ValueError:
        return None
    return parts
