"""The demo: one whole top-up without a browser, from chat to ledger and notification.

It runs the real backend and bot on free ports in a temporary folder, whatever the environment and
`.env` set. Every step waits for what a person would see; the demo fails where that does not come.
"""

import json
import os
import re
import tempfile
import time
from pathlib import Path

import aiohttp

from sandbox.postgres.cluster import connected
from sandbox.runner.environment import SETTINGS
from sandbox.runner.failures import DemoFailed
from sandbox.runner.ports import Ports, free_ports
from sandbox.runner.processes import Output, tail
from sandbox.runner.supervisor import everything
from sandbox.store import Json
from sandbox.telegram.text import plain_text

CARD = "4242424242424242"  # Stripe's published number that is always paid
LINK = r"(https?://[^\s\"]+/(cs_test_\w+))"  # in the text, or behind a button
STEP_TIMEOUT = 60.0  # seconds that any one step may take
MAX_WAIT = 25.0  # seconds of one question for news
TRANSFERS = """
select t.kind, max(e.amount) as amount, sum(e.amount) as total
from public.transfers as t join public.entries as e on e.transfer_id = t.id group by t.id
"""


class Chat:
    """One person's chat with the bot; all messages in it are printed.

    `person` is the key of a persona, `chat` "private" or the title of the group. `timeout` is how
    many seconds any one message may take.
    """

    def __init__(
        self,
        http: aiohttp.ClientSession,
        person: str,
        output: Output,
        chat: str = "private",
        *,
        timeout: float = STEP_TIMEOUT,
    ) -> None:
        """Take the session of the sandbox, the person, and where to print."""
        self._http, self._person, self._output = http, person, output
        self._timeout = timeout
        self._where = {"user": person, "chat": chat}
        self._after, self._seen = 0, set[int]()

    async def write(self, text: str) -> None:
        """Send a message to the bot."""
        await post(self._http, "/telegram/send", text=text, **self._where)

    async def write_and_see(self, text: str, what: str, pattern: str = "") -> Json:
        """Send a message, and return the bot's reply: see `see`."""
        await self.write(text)
        return await self.see(what, pattern)

    async def tap(self, message: Json, button: str, what: str, pattern: str) -> Json:
        """Press the button with this text, and return the message that follows: see `see`."""
        where = {"message_id": message["message_id"], "button": button, **self._where}
        await post(self._http, "/telegram/tap", **where)
        return await self.see(what, pattern)

    async def see(self, what: str, pattern: str = "") -> Json:
        """Print the bot's new and changed messages until one matches `pattern`; return that one.

        Raises DemoFailed with `what`, a description of the expected message, where none comes.
        """
        deadline = time.monotonic() + self._timeout
        while (left := deadline - time.monotonic()) > 0:
            query = self._where | {"after": str(self._after), "wait": str(min(left, MAX_WAIT))}
            async with self._http.get("/telegram/chat", params=query) as answer:
                news = await answer.json()
            self._after = news["after"]
            for message in news["messages"]:
                self._print(message)
            for message in news["messages"]:
                if message["from"]["is_bot"] and re.search(pattern, message_json(message)):
                    return dict(message)
        raise DemoFailed(f"{self._person.title()} never saw {what}.")

    def _print(self, message: Json) -> None:
        author = "Pursebot" if message["from"]["is_bot"] else message["from"]["first_name"]
        changed = " (changed)" if message["message_id"] in self._seen else ""
        self._seen.add(message["message_id"])
        rows = message.get("reply_markup", {}).get("inline_keyboard", [])
        buttons = ["  ".join(f"[{button['text']}]" for button in row) for row in rows]
        head = f"  {self._person.title()}'s chat | {author}{changed}: "
        lines = [*plain_text(message).splitlines(), *buttons]
        self._output(head + f"\n{' ' * (len(head) - 2)}| ".join(lines))


async def run_demo(output: Output) -> None:
    """Play and print the demo, with the time it took. Raises DemoFailed where a step fails."""
    ports = Ports(*free_ports(2))
    environment = {name: value for name, value in os.environ.items() if name not in SETTINGS}
    with tempfile.TemporaryDirectory(prefix="pursebot-demo-") as folder:
        try:
            began = time.monotonic()
            async with (
                everything(environment, ports, Path(folder), output) as database,
                aiohttp.ClientSession(ports.sandbox_url) as http,
            ):
                output(f"Everything was up after {time.monotonic() - began:.1f} s.\n")
                ana = await top_up(database, http, output)
                await pay_with_a_card(database, ana, http, output)
        except (DemoFailed, aiohttp.ClientError, TimeoutError) as reason:
            logs = [Path(folder) / "logs" / f"{name}.log" for name in ("sandbox", "backend", "bot")]
            ends = "\n".join(f"The last lines of {log.name}:\n{tail(log)}" for log in logs)
            raise DemoFailed(f"{reason}\n{ends}\nThe demo failed.") from reason


async def top_up(database: str, http: aiohttp.ClientSession, output: Output) -> Chat:
    """Let Ana add EUR 50 to Acme's wallet, of which Ben is notified; return her chat."""
    ana, ben = Chat(http, "ana", output), Chat(http, "ben", output)
    began = time.time()
    await ben.write_and_see("/start", "a greeting")
    await ana.write_and_see("/start", "a greeting")
    shown = await ana.write_and_see("/topup 50", "a link to pay", LINK)
    link, session = re.findall(LINK, message_json(shown))[0]
    output(f"\n  Ana opens {link}\n  and pays with {CARD}.\n")
    await post(http, f"/stripe/sessions/{session}/pay", card=CARD)
    paid = await ana.see("that it is paid", "Paid.*€50.00")
    notified_at = time.time()
    if paid["message_id"] != shown["message_id"]:
        raise DemoFailed("The link's message did not change; another one says that it is paid.")
    await ben.see("that Ana added money", "€50.00")
    await ana.write_and_see("/balance", "a balance of €50.00", "Balance: €50.00")
    sent = await first_delivery(http)
    await check_ledger(database, ("topup", 5000, 0))
    output(
        "\n  The ledger: one top-up of 5000 cents, and all entries sum to zero."
        f"\n  From Stripe's event to the message in the chat: {(notified_at - sent) * 1000:.0f} ms"
        f"\n  The whole play: {time.time() - began:.1f} s\n"
    )
    return ana


async def pay_with_a_card(
    database: str, ana: Chat, http: aiohttp.ClientSession, output: Output
) -> None:
    """Let Ana save a card for Acme, add EUR 20 with one tap, and refund it."""
    output(f"  Now Ana saves {CARD}, pays with one tap, and takes it back.\n")
    cards = await ana.write_and_see("/cards", "the cards", "no saved card")
    link = await ana.tap(cards, "Add a card", "a link to add a card", LINK)
    _, session = re.findall(LINK, message_json(link))[0]
    await post(http, f"/stripe/sessions/{session}/pay", card=CARD)
    await ana.see("that the card is saved", "4242 was added")
    choices = await ana.write_and_see("/topup 20", "how to pay", "how do you want to pay")
    paid = await ana.tap(choices, "Pay with Visa •••• 4242", "that it is paid", "Paid.*€20.00")
    question = await ana.tap(paid, "Refund", "the last question", "Refund €20.00 to")
    await ana.tap(question, "Refund €20.00", "that it is refunded", "Refunded")
    await check_ledger(database, ("topup", 5000, 0), ("topup", 2000, 0), ("refund", 2000, 0))
    output("\n  The ledger: another top-up of 2000 cents, its refund, and all sum to zero.\n")


async def post(http: aiohttp.ClientSession, path: str, **body: object) -> None:
    """Send a request to one of the people's routes. Raises ClientError where it is refused."""
    async with http.post(path, json=body) as answer:
        answer.raise_for_status()


def message_json(message: Json) -> str:
    """Return a message as JSON text, with the addresses of its buttons."""
    return json.dumps(message, ensure_ascii=False)


async def first_delivery(http: aiohttp.ClientSession) -> float:
    """Return when the local Stripe first posted that money came, in seconds of the epoch."""
    async with http.get("/stripe/deliveries") as answer:
        deliveries = (await answer.json())["deliveries"]
    paid = [each for each in deliveries if ".succeeded" in each["type"]]
    return min(float(attempt["at"]) for each in paid for attempt in each["attempts"])


async def check_ledger(database: str, *expected: tuple[str, int, int]) -> None:
    """Raise DemoFailed unless the ledger has exactly these transfers.

    Each is a kind, an amount in cents, and the sum of its entries.
    """
    async with connected(database) as connection:
        transfers = [tuple(row) for row in await connection.fetch(TRANSFERS)]
    if sorted(transfers) != sorted(expected):
        raise DemoFailed(f"The ledger has other transfers than {expected}: {transfers}.")
