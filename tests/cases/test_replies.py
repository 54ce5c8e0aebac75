"""Replies arrive: through a 429, when they are long, and after the bot was unblocked."""

import asyncio
from typing import TYPE_CHECKING, Any
from uuid import UUID

import asyncpg
import pytest

from bot.telegram.pages import parts_of
from bot.telegram.screens import Screen, button
from sandbox.telegram.entities import utf16_length
from tests.backend.conftest import ANA, System
from tests.bot.conftest import Person, backend, backend_url, bot, buttons, client, system, telegram
from tests.bot.fake_backend import FakeBackend, membership, statement
from tests.bot.payments.test_charges import saved
from tests.database.test_organizations import give
from tests.sandbox.telegram.playground import Playground

if TYPE_CHECKING:
    Connection = asyncpg.Connection[Any]
else:
    Connection = asyncpg.Connection

__all__ = ["backend", "backend_url", "bot", "client", "system", "telegram"]
Json = dict[str, Any]
NAME = "Vereinigte Stadtwerke Irgendwo Nr. "


@pytest.fixture
def ana(telegram: Playground, bot: Any) -> Person:
    return Person(telegram, "ana")


async def too_many_requests(ana: Person, method: str, next: int = 1) -> None:
    fault = {"retry_after": 1, "methods": [method], "next": next}
    await ana.telegram.post("faults", too_many_requests=fault)


async def test_new_messages_edits_answers_and_files_survive_one_429(
    ana: Person, backend: FakeBackend
) -> None:
    await too_many_requests(ana, "sendMessage")
    await ana.writes("/topup")
    offer = await ana.sees("How much do you want to add")
    await too_many_requests(ana, "editMessageText")
    await ana.taps(offer, "Other amount")
    question = await ana.sees("Type the amount")
    assert question["message_id"] == offer["message_id"]
    await ana.writes("/topup")
    offer = await ana.sees("How much do you want to add")
    await too_many_requests(ana, "answerCallbackQuery")
    assert (await ana.taps(offer, "€25.00"))["text"] == "Preparing your link ..."
    backend.statements[("2026-05", "eur")] = statement("2026-05")
    await too_many_requests(ana, "sendDocument")
    await ana.writes("/export 2026-05")
    await ana.sees("acme-2026-05-eur.csv")


async def test_a_second_429_gives_one_reply_up_and_the_next_is_answered(ana: Person) -> None:
    await too_many_requests(ana, "sendMessage", next=2)
    await ana.writes("/balance")
    await ana.writes("/help")
    await ana.sees("What you can do here")
    assert len(await ana.chat()) == 1


def belongs_to(backend: FakeBackend, count: int, *currencies: str) -> None:
    """Ana owns so many organizations with names of 38 characters."""
    backend.memberships[ANA] = [
        membership(UUID(int=number + 1), f"{NAME}{number:03}", "owner", *currencies)
        for number in range(count)
    ]


async def all_pages(ana: Person, message: Json) -> list[Json]:
    """A message that pages, on each of its pages."""
    pages = [message]
    while "→" in buttons(message):
        await ana.taps(message, "→")
        message = await ana.sees("")
        pages.append(message)
    return pages


@pytest.mark.parametrize(
    ("count", "currencies"), [(71, ()), (300, ()), (40, ("jpy", "krw", "clp"))]
)
async def test_the_balances_of_many_organizations_page(
    ana: Person, backend: FakeBackend, count: int, currencies: tuple[str, ...]
) -> None:
    belongs_to(backend, count, *currencies)
    await ana.writes("/start")
    first = await ana.sees(f"You belong to {count} organizations:")
    assert "To add money, type /topup 50" in first["text"]
    await ana.writes("/balance")
    pages = await all_pages(ana, await ana.sees("Balance"))
    assert len({page["message_id"] for page in pages}) == 1
    text = "\n".join(page["text"] for page in pages)
    assert text.count("(your role: owner)") == count
    assert text.count("Balance: ") == count * (1 + len(currencies))
    assert max(utf16_length(page["text"]) for page in [first, *pages]) <= 4096
    await ana.taps(pages[-1], "←")
    await ana.sees("(your role: owner)")


async def test_the_buttons_to_many_organizations_page(ana: Person, backend: FakeBackend) -> None:
    belongs_to(backend, 130)
    await ana.writes("/org")
    pages = await all_pages(ana, await ana.sees("Balance"))
    labels = [label for page in pages for label in buttons(page) if label.startswith("Switch to")]
    assert len(labels) == 129
    assert max(len(buttons(page)) for page in pages) == 31  # 20 organizations, and the screen's own
    await ana.writes("/topup")
    await ana.taps(await ana.sees("How much"), "Another organization")
    pages = await all_pages(ana, await ana.sees("Which organization?"))
    labels = [label for page in pages for label in buttons(page) if label.startswith("Vereinigte")]
    assert len(set(labels)) == 130


def test_a_text_that_is_too_long_for_a_message_goes_on_in_the_next() -> None:
    text = "\n".join(f"line {number} 💶" for number in range(900))
    long = Screen(text, ((button("x", "y"),),))
    parts = parts_of(long)
    assert max(utf16_length(part.text) for part in parts) <= 4096
    assert "\n".join(part.text for part in parts) == long.text
    assert [bool(part.rows) for part in parts] == [False] * (len(parts) - 1) + [True]


async def test_who_unblocks_the_bot_is_reachable_at_once(system: System, owner: Connection) -> None:
    ana = Person(Playground(system.sandbox_url, system.http), "ana")
    ben = Person(Playground(system.sandbox_url, system.http), "ben")
    reachable = "select reachable from chats where telegram_chat_id = 1002"
    await ben.writes("/start")
    await ben.sees("Hello, Ben.")
    await system.sandbox("POST", "/telegram/faults", blocked=["ben"])
    await system.pay(await system.topup())
    async with asyncio.timeout(60):
        while await owner.fetchval(reachable):
            await asyncio.sleep(0.1)
    await system.sandbox("POST", "/telegram/faults", blocked=[])  # and writes nothing
    async with asyncio.timeout(60):
        while not await owner.fetchval(reachable):
            await asyncio.sleep(0.1)
    await ben.sees("Ana added €50.00 to Acme.")
    assert await ana.chat() == []


async def test_a_refund_is_told_once_to_its_maker_with_the_new_balance(
    system: System, owner: Connection
) -> None:
    ana = Person(Playground(system.sandbox_url, system.http), "ana")
    ben = Person(Playground(system.sandbox_url, system.http), "ben")
    await give(owner, system.world, system.world.ben, "admin")
    await ben.writes("/start")
    await saved(system)
    await ana.writes("/topup 40")
    await ana.taps(await ana.sees("how do you want to pay"), "Pay with Visa •••• 4242")
    await ana.taps(await ana.sees("New balance: €40.00"), "Refund")
    sure = await ana.sees("Refund €40.00 to")
    await ana.taps(sure, "Other amount")
    await ana.writes("15")
    await ana.taps(await ana.sees("Refund €15.00 to"), "Refund €15.00")
    done = await ana.sees("Refunded.")
    assert "New balance: €25.00" in done["text"]
    await ben.sees("Ana refunded €15.00 to the payer")
    made = "select c.telegram_chat_id from notifications as n join chats as c on c.id = n.chat_id"
    made += " where n.kind = 'refund_made'"
    assert [row[0] for row in await owner.fetch(made)] == [1002]
    assert not [text for text in await ana.chat() if "to the payer" in text]
