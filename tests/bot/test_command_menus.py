"""/help and the menu of a private chat list what the person can use, and nothing else."""

import asyncio

from sandbox.telegram.text import plain_text
from tests.bot.conftest import Person
from tests.bot.fake_backend import ACME, BEN, FakeBackend, membership

FOR_MANAGERS = ("/topup", "/invoices", "/invite")
FOR_MEMBERS = ("/balance", "/find", "/history", "/members")


async def menu_of(person: Person) -> list[str]:
    """The commands that Telegram offers in the person's private chat."""
    shown = (await person.telegram.chat(person.name))["commands"]
    return [f"/{command['command']}" for command in shown]


async def until_menu(person: Person, command: str, is_there: bool) -> list[str]:
    """Wait until a command is in the menu, or is not; return the menu."""
    async with asyncio.timeout(60):
        while (command in (menu := await menu_of(person))) is not is_there:
            await asyncio.sleep(0.05)
    return menu


async def listed_for(person: Person) -> str:
    """What /help lists for somebody."""
    await person.writes("/help")
    return plain_text(await person.sees("What you can do here"))


async def test_each_reads_the_commands_that_do_something_for_them(
    ana: Person, ben: Person, eve: Person
) -> None:
    of_owner, of_member, of_stranger = [await listed_for(each) for each in (ana, ben, eve)]
    for command in FOR_MANAGERS:
        there = [f"{command}:" in text for text in (of_owner, of_member, of_stranger)]
        assert there == [True, False, False], command
    for command in FOR_MEMBERS:
        there = [f"{command}:" in text for text in (of_owner, of_member, of_stranger)]
        assert there == [True, True, False], command
    assert [("/group:" in text) for text in (of_owner, of_member)] == [True, False]
    assert "/org:" in of_stranger
    assert not [text for text in (of_owner, of_member, of_stranger) if "/unlink:" in text]


async def test_the_menu_follows_the_role(ben: Person, backend: FakeBackend) -> None:
    await ben.writes("/start")
    await ben.sees("Hello")
    menu = await until_menu(ben, "/invite", is_there=False)
    assert set(menu) >= set(FOR_MEMBERS)
    backend.memberships[BEN] = [membership(ACME, "Acme", "admin")]
    await ben.writes("/start")
    assert set(await until_menu(ben, "/invite", is_there=True)) >= set(FOR_MANAGERS)


async def test_where_the_backend_is_away_help_lists_everything(
    ben: Person, backend: FakeBackend
) -> None:
    backend.refuse("PUT /api/me", "database_unavailable")
    assert "/invite:" in await listed_for(ben)


async def test_nobody_is_told_to_do_what_they_would_be_refused(
    ana: Person, ben: Person, eve: Person
) -> None:
    of_owner, of_member, of_stranger = [await listed_for(each) for each in (ana, ben, eve)]
    assert "/topup 50 prepares a top-up of 50" in of_owner
    assert "/cards: Saved cards: add, remove, choose the default" in of_owner
    assert "Only an admin or higher can add money here." in of_member
    assert "/cards: The saved cards of your organization" in of_member
    assert "/recurring: See the weekly and monthly top-ups" in of_member
    assert "You are not in any organization here yet." in of_stranger
    for person, is_offered in ((ana, True), (ben, False), (eve, False)):
        await person.writes("hello there")
        answer = plain_text(await person.sees("I did not understand that."))
        assert ("/topup" in answer) is is_offered, person.name
    assert "/topup" not in of_member + of_stranger


async def test_an_owner_is_not_sent_to_the_owner(ana: Person, ben: Person) -> None:
    await ana.writes("/paysupport")
    to_owner = plain_text(await ana.sees("You are an owner here: /find"))
    await ben.writes("/paysupport")
    to_member = plain_text(await ben.sees("Give it to an owner of your organization"))
    assert "/history lists the payments" in to_member  # notices to a member name no reference
    assert "@acme_help" in to_owner
    assert "@acme_help" in to_member
