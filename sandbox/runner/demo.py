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

from sandbox.postgres.cluster import connected
from sandbox.runner.environment import SETTINGS, Ports
from sandbox.runner.processes import Say, tail
from sandbox.runner.supervisor import everything
from sandbox.store import Json
from sandbox.telegram.text import said

CARD = "4242424242424242"  # Stripe's published number that is always paid
LINK = r"(https?://[^\s\"]+/(cs_test_\w+))"  # in the text, or behind a button
PATIENCE = 60.0  # seconds that any one step may take
LONGEST_WAIT = 25.0  # seconds of one question for news
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
        self._http, self._who, self._say = http, who, say
        self._where = {"user": who, "chat": chat}
        self._after, self._seen = 0, set[int]()

    async def write(self, text: str) -> None:
        """Type a message to the bot."""
        await post(self._http, "/telegram/send", text=text, **self._where)

    async def ask(self, text: str, what: str, pattern: str = "") -> Json:
        """Type a message, and see what the bot says to it."""
        await self.write(text)
        return await self.see(what, pattern)

    async def tap(self, message: Json, button: str, what: str, pattern: str) -> Json:
        """Press the button with this text, and see what comes of it."""
        where = {"message_id": message["message_id"], "button": button, **self._where}
        await post(self._http, "/telegram/tap", **where)
        return await self.see(what, pattern)

    async def see(self, what: str, pattern: str = "") -> Json:
        """The bot's next new or changed message in which `pattern` is found; prints all it sees."""
        deadline = time.monotonic() + PATIENCE
        while (left := deadline - time.monotonic()) > 0:
            query = self._where | {"after": str(self._after), "wait": str(min(left, LONGEST_WAIT))}
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
                everything(given, ports, Path(folder), say) as database,
                aiohttp.ClientSession(ports.sandbox_url) as http,
            ):
                say(f"Everything was up after {time.monotonic() - began:.1f} s.\n")
                ana = await top_up(database, http, say)
                await pay_with_a_card(database, ana, http, say)
        except (DemoFailed, aiohttp.ClientError, TimeoutError) as reason:
            logs = [Path(folder) / "logs" / f"{name}.log" for name in ("sandbox", "backend", "bot")]
            ends = "\n".join(f"The last lines of {log.name}:\n{tail(log)}" for log in logs)
            raise DemoFailed(f"{reason}\n{ends}\nThe demo failed.") from reason


async def top_up(database: str, http: aiohttp.ClientSession, say: Say) -> Chat:
    """Ana adds EUR 50 to Acme's wallet, and Ben, who belongs to it, hears of it."""
    ana, ben = Chat(http, "ana", say), Chat(http, "ben", say)
    began = time.time()
    await ben.ask("/start", "a greeting")
    await ana.ask("/start", "a greeting")
    shown = await ana.ask("/topup 50", "a link to pay", LINK)
    link, session = re.findall(LINK, whole(shown))[0]
    say(f"\n  Ana opens {link}\n  and pays with {CARD}.\n")
    await post(http, f"/stripe/sessions/{session}/pay", card=CARD)
    paid = await ana.see("that it is paid", "Paid.*€50.00")
    told = time.time()
    if paid["message_id"] != shown["message_id"]:
        raise DemoFailed("The link's message did not change; another one says that it is paid.")
    await ben.see("that Ana added money", "€50.00")
    await ana.ask("/balance", "a balance of €50.00", "Balance: €50.00")
    sent = await first_delivery(http)
    await check_ledger(database, ("topup", 5000, 0))
    say(
        "\n  The ledger: one top-up of 5000 cents, and all entries sum to zero."
        f"\n  From Stripe's event to the message in the chat: {(told - sent) * 1000:.0f} ms"
        f"\n  The whole play: {time.time() - began:.1f} s\n"
    )
    return ana


async def pay_with_a_card(database: str, ana: Chat, http: aiohttp.ClientSession, say: Say) -> None:
    """Ana saves a card for Acme, adds EUR 20 with one tap, and sends it back."""
    say(f"  Now Ana saves {CARD}, pays with one tap, and takes it back.\n")
    cards = await ana.ask("/cards", "the cards", "no card")
    link = await ana.tap(cards, "Add a card", "a link to add a card", LINK)
    await post(http, f"/stripe/sessions/{re.findall(LINK, whole(link))[0][1]}/pay", card=CARD)
    await ana.see("that the card is saved", "4242 was added")
    ways = await ana.ask("/topup 20", "how to pay", "how do you want to pay")
    paid = await ana.tap(ways, "Pay with Visa •••• 4242", "that it is paid", "Paid.*€20.00")
    sure = await ana.tap(paid, "Refund", "the last question", "Send €20.00 back")
    await ana.tap(sure, "Refund €20.00", "that it is refunded", "Refunded")
    await check_ledger(database, ("topup", 5000, 0), ("topup", 2000, 0), ("refund", 2000, 0))
    say("\n  The ledger: another top-up of 2000 cents, its refund, and all sum to zero.\n")


async def post(http: aiohttp.ClientSession, path: str, **body: object) -> None:
    """What a button or a key of somebody's does; raises ClientError where it is refused."""
    async with http.post(path, json=body) as answer:
        answer.raise_for_status()


def whole(message: Json) -> str:
    """All there is to a message, the addresses behind its buttons too."""
    return json.dumps(message, ensure_ascii=False)


async def first_delivery(http: aiohttp.ClientSession) -> float:
    """When the local Stripe first sent word of the money, in Unix seconds."""
    async with http.get("/stripe/deliveries") as answer:
        told = (await answer.json())["deliveries"]
    return min(float(a["at"]) for d in told if ".succeeded" in d["type"] for a in d["attempts"])


async def check_ledger(database: str, *wanted: tuple[str, int, int]) -> None:
    """Exactly these transfers: their kind, their amount in cents, and the sum of their entries."""
    async with connected(database) as connection:
        found = [tuple(row) for row in await connection.fetch(TRANSFERS)]
    if sorted(found) != sorted(wanted):
        raise DemoFailed(f"The ledger has other transfers than {wanted}: {found}.")


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
