"""Owners choose the organization's billing e-mail address in the chat, and Stripe has it."""

from typing import TYPE_CHECKING, Any

import asyncpg
import pytest

from sandbox.telegram.text import plain_text
from tests.backend.conftest import ANA, System
from tests.bot.conftest import Person, buttons
from tests.cases.test_billing_email import BOOKS, OTHER, STORED, customer, operators
from tests.sandbox.telegram.playground import Playground

if TYPE_CHECKING:
    Connection = asyncpg.Connection[Any]
else:
    Connection = asyncpg.Connection

LANGUAGE = "update private.users set chosen_language = 'ru' where telegram_id = $1"


@pytest.fixture
def ana(system: System) -> Person:
    return Person(Playground(system.sandbox_url, system.http), "ana")


@pytest.fixture
def ben(system: System) -> Person:
    return Person(Playground(system.sandbox_url, system.http), "ben")


async def test_an_owner_sets_changes_and_removes_it(
    system: System, ana: Person, owner: Connection
) -> None:
    await ana.writes("/org")
    await ana.taps(await ana.sees("(your role: owner)"), "Billing e-mail")
    screen = await ana.sees("Acme has no billing e-mail address.")
    assert list(buttons(screen)) == ["Change address", "Back"]
    await ana.taps(screen, "Change address")
    await ana.sees("Everybody who pays for it sees the address on Stripe's page")
    for wrong in ("Books <books@acme.example>", f"{BOOKS}\n{OTHER}", "books"):
        await ana.writes(wrong)
        await ana.sees("Type one e-mail address and nothing else")
    await system.sandbox("POST", "/stripe/faults", refused_emails=[OTHER])
    await ana.writes(OTHER)
    await ana.sees("Stripe does not accept this e-mail address, so nothing was changed.")
    assert await owner.fetchval(STORED) is None
    await ana.writes(f" {BOOKS} ")  # the question is still open
    screen = await ana.sees(f"Acme: Stripe writes to {BOOKS}.")
    assert (await owner.fetchval(STORED), customer(system)["email"]) == (BOOKS, BOOKS)
    await ana.taps(screen, "Remove address")
    removed = await ana.sees("Acme has no billing e-mail address.")
    assert removed["message_id"] == screen["message_id"]
    assert customer(system)["email"] == operators(system)
    await ana.taps(removed, "Back")
    await ana.taps(await ana.sees("(your role: owner)"), "Audit log")
    log = plain_text(await ana.sees("what was done"))
    assert "Ana: removed the billing e-mail address" in log
    assert "Ana: changed the billing e-mail address" in log
    assert "@acme" not in log


async def test_others_have_no_button_and_an_old_one_is_refused(
    system: System, ana: Person, ben: Person, owner: Connection
) -> None:
    await owner.execute("update memberships set role = 'admin' where role = 'member'")
    await ben.writes("/org")
    assert "Billing e-mail" not in buttons(await ben.sees("(your role: admin)"))
    await ana.writes("/org")
    await ana.taps(await ana.sees("(your role: owner)"), "Billing e-mail")
    await ana.taps(await ana.sees("has no billing"), "Change address")
    await ana.sees("Everybody who pays")
    # Ana's question was open when she lost the role.
    await owner.execute("update memberships set role = 'admin'")
    await ana.writes(BOOKS)
    await ana.sees("Only an owner")
    assert await owner.fetchval(STORED) is None


async def test_russians_read_it_in_russian(system: System, ana: Person, owner: Connection) -> None:
    await owner.execute(LANGUAGE, ANA)
    await ana.writes("/org")
    await ana.taps(await ana.sees("владелец"), "Почта для счетов")
    await ana.taps(await ana.sees("нет своего адреса почты"), "Изменить адрес")
    await ana.sees("На какой адрес Stripe писать")
    await ana.writes(BOOKS)
    await ana.sees(f"Stripe пишет на адрес {BOOKS}.")
