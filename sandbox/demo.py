"""One whole top-up without a browser: chat, link, payment, webhook, ledger, notification.

The real backend and the real bot, on free ports and in a temporary folder, whatever environment
and `.env` say. Every step waits for what a person would see; what does not come ends the demo.
"""

import json
import os
import re
import secrets
import socket
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import aiohttp
import asyncpg

from sandbox.environment import SETTINGS, Ports
from sandbox.processes import Say, tail
from sandbox.store import Json
from sandbox.supervisor import Sandbox, everything
from sandbox.telegram_text import said

CARD = "4242424242424242"  # Stripe's published number that is always paid
LINK = r"(https?://[^\s\"]+/(cs_test_\w+))"  # in the text, or behind a button
PATIENCE = 15.0  # seconds that any one step may take
TRANSFERS = """
select t.kind, max(e.amount) as amount, sum(e.amount) as total
from public.transfers as t join public.entries as e on e.transfer_id = t.id group by t.id
"""


class DemoFailed(Exception):
    """A step did not come; the message says which, what was seen, and what the logs end with."""


class Chat:
    """One person's chat with the bot: what they write, what they then see, all of it printed."""

    def __init__(
        self, http: aiohttp.ClientSession, who: str, say: Say, chat: str = "private"
    ) -> None:
        self._http = http
        self._who = who
        self._say = say
        self._where = {"user": who, "chat": chat}
        self._after = 0
        self._seen: set[int] = set()

    async def write(self, text: str) -> None:
        """Type a message to the bot."""
        body = self._where | {"text": text}
        async with self._http.post("/telegram/send", json=body) as answer:
            answer.raise_for_status()

    async def see(self, what: str, pattern: str = "") -> Json:
        """The bot's next new or changed message in which `pattern` is found; prints all it sees."""
        deadline = time.monotonic() + PATIENCE
        while (left := deadline - time.monotonic()) > 0:
            query = self._where | {"after": str(self._after), "wait": str(left)}
            async with self._http.get("/telegram/chat", params=query) as answer:
                news = await answer.json()
            self._after = news["after"]
            for message in news["messages"]:
                self._print(message)
            for message in news["messages"]:
                if message["from"]["is_bot"] and re.search(pattern, whole(message)):
                    return dict(message)
        raise DemoFailed(f"{self._who.title()} never saw {what}.")

    def _print(self, message: Json) -> None:
        author = "Pursebot" if message["from"]["is_bot"] else message["from"]["first_name"]
        changed = " (changed)" if message["message_id"] in self._seen else ""
        self._seen.add(message["message_id"])
        rows = message.get("reply_markup", {}).get("inline_keyboard", [])
        buttons = ["  ".join(f"[{button['text']}]" for button in row) for row in rows]
        head = f"  {self._who.title()}'s chat | {author}{changed}: "
        lines = [*said(message).splitlines(), *buttons]
        self._say(head + f"\n{' ' * (len(head) - 2)}| ".join(lines))


async def play(say: Say) -> None:
    """Play it and print it, with how long it took; raises DemoFailed where it does not work."""
    ports = Ports(*free_ports(2))
    given = {name: value for name, value in os.environ.items() if name not in SETTINGS}
    with tempfile.TemporaryDirectory(prefix="pursebot-demo-") as folder:
        try:
            began = time.monotonic()
            async with (
                everything(given, ports, Path(folder), say) as house,
                aiohttp.ClientSession(ports.sandbox_url) as http,
            ):
                say(f"Everything was up after {time.monotonic() - began:.1f} s.\n")
                await top_up(house, http, say)
        except (DemoFailed, aiohttp.ClientError, TimeoutError) as reason:
            logs = [Path(folder) / "logs" / f"{name}.log" for name in ("sandbox", "backend", "bot")]
            ends = "\n".join(f"The last lines of {log.name}:\n{tail(log)}" for log in logs)
            raise DemoFailed(f"{reason}\n{ends}\nThe demo failed.") from reason


async def top_up(house: Sandbox, http: aiohttp.ClientSession, say: Say) -> None:
    """Ana adds EUR 50 to Acme's wallet, and Ben, who belongs to it, hears of it."""
    ana, ben = Chat(http, "ana", say), Chat(http, "ben", say)
    began = time.time()
    await ben.write("/start")
    await ben.see("a greeting")
    await ana.write("/start")
    await ana.see("a greeting")
    await ana.write("/topup 50")
    shown = await ana.see("a link to pay", LINK)
    link, session = re.findall(LINK, whole(shown))[0]
    say(f"\n  Ana opens {link}\n  and pays with {CARD}.\n")
    async with http.post(f"/stripe/sessions/{session}/pay", json={"card": CARD}) as answer:
        answer.raise_for_status()
    paid = await ana.see("that it is paid", "Paid.*€50.00")
    told = time.time()
    if paid["message_id"] != shown["message_id"]:
        raise DemoFailed("The link's message did not change; another one says that it is paid.")
    await ben.see("that Ana added money", "€50.00")
    await ana.write("/balance")
    await ana.see("a balance of €50.00", "Balance: €50.00")
    ended = time.time()
    await check_ledger(house.database_url)
    sent = await first_delivery(http)
    say(
        "\n  The ledger: one top-up of 5000 cents, and all entries sum to zero."
        f"\n  From Stripe's event to the message in the chat: {(told - sent) * 1000:.0f} ms"
        f"\n  The whole play: {ended - began:.1f} s\n"
    )


def whole(message: Json) -> str:
    """All there is to a message, the addresses behind its buttons too."""
    return json.dumps(message, ensure_ascii=False)


async def first_delivery(http: aiohttp.ClientSession) -> float:
    """When the local Stripe sent its first event, in Unix seconds."""
    async with http.get("/stripe/deliveries") as answer:
        deliveries = (await answer.json())["deliveries"]
    return min(float(attempt["at"]) for each in deliveries for attempt in each["attempts"])


async def check_ledger(database_url: str) -> None:
    """Exactly one transfer of 50.00, whose entries sum to zero."""
    connection = await asyncpg.connect(database_url)
    try:
        found = [tuple(row) for row in await connection.fetch(TRANSFERS)]
    finally:
        await connection.close()
    if found != [("topup", 5000, 0)]:
        raise DemoFailed(f"The ledger has other transfers than one top-up of 5000 cents: {found}.")


def free_ports(count: int) -> list[int]:
    """Ports of this machine that nobody listens on right now, each another.

    Below those the kernel lends to outgoing connections (32768 and up on Linux): one of them may be
    taken before the port is used.
    """
    ports: list[int] = []
    while len(ports) < count:
        port = 20_000 + secrets.randbelow(12_000)
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            ports += [port] * (port not in ports)
    return ports
