"""A group is tied by an owner who administers it, hears of it, and can undo a wrong tie."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any
from uuid import UUID

import asyncpg
import pytest

from bot.handlers import COMMANDS
from bot.locales.texts import LOCALES, load_texts, read_catalog
from bot.subscriptions.overview import list_screen
from sandbox.personas import GROUP
from tests.backend.conftest import ANA, System
from tests.bot.conftest import Person, backend, backend_url, bot, buttons, client, system, telegram
from tests.bot.fake_backend import ACME, FakeBackend, membership, subscription
from tests.cases.test_same_names import organization
from tests.database.test_organizations import give
from tests.sandbox.telegram.playground import Playground

if TYPE_CHECKING:
    Connection = asyncpg.Connection[Any]
else:
    Connection = asyncpg.Connection

__all__ = ["backend", "backend_url", "bot", "client", "system", "telegram"]
Json = dict[str, Any]
JOINED_FIRST = """
update memberships set created_at = created_at - interval '1 hour'
where user_id = (select id from private.users where name = $1)
"""
OFFER = "An owner of an organization who administers this group"
BOT = "@pursebot_sandbox_bot"
TEXTS = load_texts()


def in_group(telegram: Playground, name: str) -> Person:
    return Person(telegram, name, place=GROUP)


async def test_only_an_owner_who_administers_the_group_ties_it_and_the_group_hears_whose_it_is(
    system: System, owner: Connection
) -> None:
    """Ben is an owner of Acme as well, Eve of Globex; Ana has made the group."""
    await give(owner, system.world, system.world.ben, "owner")
    await owner.execute(JOINED_FIRST, "Ana")
    await organization(owner, "Globex", (1003, "owner"))
    play = Playground(system.sandbox_url, system.http)
    ana, ben, eve = (in_group(play, name) for name in ("ana", "ben", "eve"))
    await play.post("groups", user="eve", event="add_bot")
    offer = await ben.sees(OFFER)
    tie = "Tie to an organization"

    async def refused(person: Person, words: str) -> bool:
        answer = await person.taps(offer, tie)
        return bool(answer["show_alert"]) and words in answer["text"]

    assert await refused(ben, "Only an administrator of this group")
    await play.post("members", user="ben", event="promote_anonymously")
    assert await refused(ben, "If you are one and remain anonymous here, turn that off first")
    await play.post("members", user="ben", event="promote")
    await play.post("faults", refused={"code": 400, "methods": ["getChatMember"]})
    assert await refused(ben, "Telegram does not tell me whether you administer this group")
    assert await owner.fetchval("select count(organization_id) from chats") == 0

    await eve.sees(OFFER)
    await eve.writes("/group")  # another offer, which Eve taps when it is too late
    old_offer = await eve.sees(OFFER)
    await ben.taps(offer, tie)
    await ben.sees("This group is tied to Acme. Its owners decide")
    announced = await ana.sees("This group is now tied to the organization Acme, by its owner Ben.")
    assert f"/group{BOT} says how to undo that" in announced["text"]

    await play.post("members", user="eve", event="promote")
    await eve.taps(old_offer, tie)
    late = await eve.sees("This group is tied to Acme, owner: Ana.")
    assert (late["message_id"], buttons(late)) == (old_offer["message_id"], {})
    assert "can remove me from the group and add me again" in late["text"]
    for event in ("remove_bot", "add_bot"):
        await play.post("groups", user="eve", event=event)
    offer = await eve.sees(OFFER)
    await eve.taps(offer, tie)
    await ana.sees("This group is now tied to the organization Globex, by its owner Eve.")
    tied = "select o.name from chats as c join organizations as o on o.id = c.organization_id"
    assert await owner.fetchval(tied) == "Globex"


@pytest.fixture
def ana(telegram: Playground, bot: Any) -> Person:
    return in_group(telegram, "ana")


async def test_an_owner_of_more_organizations_than_fit_a_message_reaches_each(
    ana: Person, telegram: Playground, backend: FakeBackend
) -> None:
    backend.memberships[ANA] = [
        membership(UUID(int=number), f"Branch {number:03}", "owner") for number in range(1, 102)
    ]
    await telegram.post("groups", user="ana", event="add_bot")
    await ana.taps(await ana.sees(OFFER), "Tie to an organization")
    page, offered = await ana.sees("Which organization"), []
    while True:
        assert len(buttons(page)) <= 22
        offered += [label for label in buttons(page) if label.startswith("Branch")]
        if "→" not in buttons(page):
            break
        await ana.taps(page, "→")
        page = await ana.sees("Which organization")
    assert offered == [f"Branch {number:03}" for number in range(1, 102)]
    await telegram.post("members", user="ana", event="demote")
    for label in ("←", "Branch 101"):
        assert "Only an administrator" in (await ana.taps(page, label))["text"]
    await telegram.post("members", user="ana", event="promote")
    await ana.taps(page, "Branch 101")
    await ana.sees("This group is tied to Branch 101.")


async def test_in_a_group_commands_name_the_bot_and_in_private_those_of_a_group_do(
    ana: Person, telegram: Playground
) -> None:
    """So they reach it, whichever bot wrote last: tests/sandbox/telegram/test_groups.py."""
    private = replace(ana, place="private")
    await private.writes("/group")
    assert f"/group{BOT} in the group" in (await private.sees("Add me to a group."))["text"]
    await telegram.post("groups", user="ana", event="add_bot")
    await ana.sees(OFFER)
    await telegram.post("groups", user="ana", event="hear_another_bot")
    await ana.writes("/balance")  # Telegram gives it to nobody
    await ana.writes(f"/balance{BOT}")
    await ana.sees("I talk about money only in private.")
    assert sum("only in private." in text for text in await ana.chat()) == 2  # with the offer
    await ana.writes("/terms")
    assert f"/paysupport{BOT}" in (await ana.sees(f"/paysupport{BOT}"))["text"]


@pytest.mark.parametrize("file", sorted(LOCALES.glob("*.toml")), ids=lambda file: file.stem)
def test_no_sentence_of_any_language_names_a_bare_command_in_a_group(file: Any) -> None:
    translator = TEXTS.translator(file.stem).in_group("a_bot")
    for key, sentence in read_catalog(file).items():
        for text in sentence.values() if isinstance(sentence, dict) else [sentence]:
            named = translator.with_named_bot(text)
            for command in COMMANDS:
                bare = f"/{command}"
                assert named.count(bare) == named.count(f"{bare}@a_bot"), (key, named)
            assert named.replace("@a_bot", "") == text


def test_the_list_of_recurring_top_ups_pages() -> None:
    member = membership(ACME, "Acme", "owner")
    listed = [subscription(id=UUID(int=number)) for number in range(1, 46)]
    translator, pages = TEXTS.translator("en"), []
    for page in range(3):
        screen = list_screen(member, listed, page, translator)
        data = [each.callback_data for row in screen.rows for each in row]
        pages.append([each for each in data if str(each).startswith("sub_look:")])
        assert len(screen.text.splitlines()) == 1 + len(pages[-1])
        assert any(str(each).startswith("sub_new:") for each in data)
    assert [len(page) for page in pages] == [20, 20, 5]
    assert len({each for page in pages for each in page}) == 45
    assert list_screen(member, listed, 9, translator) == list_screen(member, listed, 2, translator)
    reader = list_screen(membership(ACME, "Acme", "member"), listed, 1, translator)
    assert [each.text for row in reader.rows for each in row] == ["←", "→"]
