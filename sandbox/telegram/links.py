"""Links of Telegram's: what opening one leads to inside the sandbox, and why others lead nowhere.

None of them is ever opened outside: t.me would show another person's chat, or nothing.
https://core.telegram.org/api/links
"""

import re
from dataclasses import dataclass
from urllib.parse import SplitResult, parse_qs, urlsplit

from sandbox.personas import GROUP

HOSTS = {"t.me", "telegram.me", "telegram.dog"}
# https://core.telegram.org/bots/features#deep-linking
PAYLOAD = re.compile(r"[A-Za-z0-9_-]{1,64}")
WRONG_PAYLOAD = (
    "A start parameter has 1 to 64 of A-Z, a-z, 0-9, _ and -: Telegram does not pass this one on."
)


@dataclass(frozen=True)
class Destination:
    """What a link opens: "private" or the group's title; None where the sandbox has nothing there.

    `payload` is the start parameter: None where the link has none. `reason` is a sentence for the
    person where the link, or its parameter, leads nowhere.
    """

    chat: str | None
    payload: str | None = None
    reason: str = ""


def destination_of(url: str, bot_username: str) -> Destination:
    """Return what a link of Telegram's opens. A bare `t.me/...` is one, too."""
    path, query = _path_and_query(url)
    if path is None:
        return Destination(None, reason="That is no link of Telegram's.")
    name, _, rest = path.partition("/")
    if name.startswith("+") or name.lower() == "joinchat":
        return Destination(None, reason=_nothing_at(path, f"its only group is {GROUP}"))
    if name.lower() != bot_username.lower():
        return Destination(None, reason=_nothing_at(path, f"its only bot is {bot_username}"))
    if rest or "startapp" in query:
        return Destination(None, reason="The local Telegram has no Mini Apps.")
    for parameter, chat in (("startgroup", GROUP), ("start", "private")):
        if parameter in query:
            payload = query[parameter][0]
            if payload and not PAYLOAD.fullmatch(payload):
                return Destination(chat, reason=WRONG_PAYLOAD)
            return Destination(chat, payload)
    return Destination("private")


def _path_and_query(url: str) -> tuple[str | None, dict[str, list[str]]]:
    """Return what follows `t.me/`, and the parameters; the path is None for any other link.

    `tg://resolve?domain=NAME`, `tg://join?invite=HASH` and `NAME.t.me` are other ways to write it.
    """
    try:
        has_scheme = "://" in url or url.lower().startswith("tg:")
        parts = urlsplit(url if has_scheme else f"https://{url}")
        host = (parts.hostname or "").removeprefix("www.")
    except ValueError:
        return None, {}
    query = parse_qs(parts.query, keep_blank_values=True)
    if parts.scheme == "tg":
        return _path_of_tg(parts, query), query
    if parts.scheme not in ("http", "https"):
        return None, {}
    if host in HOSTS:
        return parts.path.strip("/"), query
    name, _, rest = host.partition(".")
    return (name + parts.path.rstrip("/") if rest == "t.me" else None), query


def _path_of_tg(parts: SplitResult, query: dict[str, list[str]]) -> str:
    action = parts.netloc or parts.path.strip("/")
    if action == "resolve" and "domain" in query:
        return query["domain"][0]
    if action == "join" and "invite" in query:
        return f"+{query['invite'][0]}"
    return f"tg://{action}"


def _nothing_at(path: str, why: str) -> str:
    shown = path if path.startswith("tg:") else f"t.me/{path}"
    return f"{shown[:80]} is not in the sandbox: {why}. Nothing here opens the real Telegram."
