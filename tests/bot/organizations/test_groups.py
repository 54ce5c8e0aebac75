"""In a group the bot shows what an owner allowed, and hears only what is said to it."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from aiohttp.test_utils import TestServer
from pydantic import SecretStr

from backend.schemas import Group, GroupNews
from bot.__main__ import started
from bot.app import ALLOWED_UPDATES, create_app
from bot.backend_api.client import BackendClient
from bot.locales.texts import load_texts
from bot.settings import Settings
from sandbox.personas import GROUP, GROUP_ID
from tests.bot.conftest import Person, buttons
from tests.bot.fake_backend import ACME, ANA, BEN, GLOBEX, SECRET, FakeBackend, membership
from tests.bot.scripted_bot_api import ScriptedBotApi
from tests.sandbox.telegram.playground import Playground

CHAT = {"id": -7, "type": "supergroup", "title": "Friends", "is_forum": True}
PERSON = {"id": ANA, "is_bot": False, "first_name": "Ana", "language_code": "en"}
PRIVATE = [[{"text": "Continue in private", "url": "https://t.me/a_bot"}]]
SHOWN, HIDDEN = "✓ Show the balance here", "✗ Show the balance here"
ANNOUNCED, NOT_ANNOUNCED = "✓ Announce top-ups here", "✗ Announce top-ups here"


def command(number: int, text: str, **changed: Any) -> dict[str, Any]:
    length = len(text.split()[0])
    message = {"message_id": number, "date": 1, "chat": CHAT, "from": PERSON, "text": text}
    message["entities"] = [{"type": "bot_command", "offset": 0, "length": length}]
    return {"update_id": number, "message": message | changed}


def tap(number: int, data: str, **changed: Any) -> dict[str, Any]:
    message = {"message_id": number, "date": 1, "chat": CHAT, "text": "x"} | changed
    query = {"id": "q1", "from": PERSON, "chat_instance": "1", "data": data, "message": message}
    return {"update_id": number, "callback_query": query}


@pytest.fixture
def backend() -> FakeBackend:
    return FakeBackend(
        memberships={
            ANA: [membership(ACME, "Acme", "owner")],
            BEN: [membership(ACME, "Acme", "member")],
        }
    )


@pytest.fixture
def api() -> ScriptedBotApi:
    return ScriptedBotApi()


async def play(api: ScriptedBotApi, client: BackendClient, method: str) -> dict[str, Any]:
    """Run the bot until it makes the wanted call."""
    async with TestServer(api.app()) as server:
        settings = Settings(
            telegram_bot_token=SecretStr("1:token"),
            bot_api_secret=SecretStr(SECRET),
            telegram_api_base=str(server.make_url("")),
        )
        async with started(create_app(settings, client, load_texts())):
            return await api.next_call(method)


async def happens(telegram: Playground, event: str) -> None:
    """Ana does it to the group."""
    await telegram.post("groups", user="ana", chat=GROUP, event=event)


def in_group(person: Person) -> Person:
    return replace(person, place=GROUP)


async def test_an_owner_ties_a_group_and_decides_what_it_sees(
    telegram: Playground, backend: FakeBackend, ana: Person, ben: Person, eve: Person
) -> None:
    ana, ben, eve = in_group(ana), in_group(ben), in_group(eve)
    await happens(telegram, "add_bot")
    offer = await ana.sees("An owner of an organization")
    for nobody in (ben, eve):
        answer = await nobody.taps(offer, "Tie to an organization")
        assert answer["show_alert"]
    assert not backend.groups
    await eve.writes("/balance")
    refused = await ana.sees("")
    assert "Acme" not in refused["text"]
    assert "https://t.me/pursebot_sandbox_bot" in buttons(refused).values()

    await ana.taps(offer, "Tie to an organization")
    settings = await ana.sees("This group is tied to Acme.")
    assert settings["message_id"] == offer["message_id"]
    await eve.sees("This group is now tied to the organization Acme, by its owner Ana.")
    assert list(buttons(settings)) == [HIDDEN, NOT_ANNOUNCED, "Untie"]
    assert (await ben.taps(settings, HIDDEN))["show_alert"]
    await ana.taps(settings, HIDDEN)
    settings = await ana.sees("This group is tied to Acme.")
    await ana.taps(settings, NOT_ANNOUNCED)
    settings = await ana.sees("This group is tied to Acme.")
    assert list(buttons(settings)) == [SHOWN, ANNOUNCED, "Untie"]
    await eve.writes("/balance")
    assert "€12.34" in (await ana.sees("Acme"))["text"]
    await ben.writes("/group")
    assert not buttons(await ana.sees("is tied to Acme, owner: Ana. Only its owners can change"))

    assert (await ben.taps(settings, "Untie"))["show_alert"]
    await ana.taps(settings, "Untie")
    question = await ana.sees("Untie this group from Acme?")
    assert list(buttons(question)) == ["Untie", "Back"]
    await ana.taps(question, "Back")
    await ana.taps(await ana.sees("This group is tied to Acme."), "Untie")
    assert backend.groups
    await ana.taps(await ana.sees("Untie this group from Acme?"), "Untie")
    await ana.sees("An owner of an organization")
    assert not backend.groups


async def test_an_owner_of_two_organizations_chooses(
    telegram: Playground, backend: FakeBackend, ana: Person, ben: Person
) -> None:
    backend.memberships[ANA].append(membership(GLOBEX, "Globex", "owner"))
    ana, ben = in_group(ana), in_group(ben)
    await happens(telegram, "add_bot")
    await ana.taps(await ana.sees("An owner of an organization"), "Tie to an organization")
    choice = await ana.sees("Which organization")
    assert (await ben.taps(choice, "Acme"))["show_alert"]
    await ana.taps(choice, "Globex")
    await ana.sees("This group is tied to Globex.")
    assert backend.groups[GROUP_ID].organization_id == GLOBEX


async def test_the_backend_hears_that_the_bot_comes_and_goes_and_that_the_group_migrates(
    telegram: Playground, backend: FakeBackend, ana: Person
) -> None:
    ana = in_group(ana)
    await happens(telegram, "add_bot")
    await ana.sees("An owner of an organization")
    await happens(telegram, "migrate")
    await ana.sees("An owner of an organization")
    await happens(telegram, "remove_bot")
    async with asyncio.timeout(60):
        while backend.group_events[-1][1].happened != "left":
            await asyncio.sleep(0.01)
    supergroup = backend.group_events[-1][0]
    moved = GroupNews(happened="migrated", new_chat_id=supergroup)
    assert backend.group_events[0] == (GROUP_ID, GroupNews(happened="joined"))
    assert backend.group_events.count((GROUP_ID, moved)) == 2
    assert (supergroup, GroupNews(happened="joined")) in backend.group_events


@pytest.mark.parametrize(
    ("text", "link"),
    [
        ("/topup", "?start=topup"),
        ("/topup@a_bot 50 usd", "?start=topup_50usd"),
        ("/topup 12.50", "?start=topup"),
        ("/topup 1 000", "?start=topup"),
        ("/help", ""),
        ("/cancel", ""),
    ],
)
async def test_every_other_command_is_answered_with_a_way_to_private(
    api: ScriptedBotApi, client: BackendClient, backend: FakeBackend, text: str, link: str
) -> None:
    api.updates = [command(1, text)]
    sent = await play(api, client, "sendMessage")
    assert sent["text"] == "I talk about money only in private."
    url = f"https://t.me/a_bot{link}"
    assert sent["reply_markup"]["inline_keyboard"] == [[PRIVATE[0][0] | {"url": url}]]
    assert backend.calls == []


@pytest.mark.parametrize("sender", [CHAT, {"id": -8, "type": "channel", "title": "News"}])
async def test_who_writes_as_the_group_or_a_channel_is_asked_to_write_as_themselves(
    api: ScriptedBotApi, client: BackendClient, backend: FakeBackend, sender: Any
) -> None:
    backend.groups[-7] = Group(tied=True, organization_id=ACME, shows_balance=True)
    mask = {"id": 1087968824, "is_bot": True, "first_name": "Group"}
    api.updates = [command(1, "/balance", sender_chat=sender, **{"from": mask})]
    sent = await play(api, client, "sendMessage")
    assert sent["text"].startswith("I cannot see who you are.")
    assert sent["reply_markup"]["inline_keyboard"] == PRIVATE
    assert backend.calls == []


@pytest.mark.parametrize(
    ("text", "title"), [("/privacy", "<b>Privacy</b>"), ("/terms@a_bot", "<b>Terms</b>")]
)
async def test_what_is_nobodys_secret_is_answered_to_whoever_hides_too(
    api: ScriptedBotApi, client: BackendClient, backend: FakeBackend, text: str, title: str
) -> None:
    mask = {"id": 1087968824, "is_bot": True, "first_name": "Group"}
    topic = {"message_thread_id": 9, "is_topic_message": True}
    api.updates = [command(1, text, sender_chat=CHAT, **topic, **{"from": mask})]
    sent = await play(api, client, "sendMessage")
    assert (sent["text"].startswith(title), sent["message_thread_id"]) == (True, "9")
    assert backend.calls == []


async def test_a_topic_is_answered_in_and_announced_to_where_that_was_allowed(
    api: ScriptedBotApi, client: BackendClient, backend: FakeBackend
) -> None:
    topic = {"message_thread_id": 9, "is_topic_message": True}
    api.updates = [command(1, "/balance", **topic)]
    assert (await play(api, client, "sendMessage"))["message_thread_id"] == "9"
    backend.groups[-7] = Group(tied=True, organization_id=ACME, organization_name="Acme")
    api.updates = [tap(2, f"announces_credits:yes:{ACME.hex}", **topic)]
    await play(api, client, "editMessageText")
    assert (backend.groups[-7].announces_credits, backend.announcement_topic) == (True, 9)


async def test_what_is_said_to_others_is_not_answered(
    api: ScriptedBotApi, client: BackendClient
) -> None:
    others = ["/start@another_bot", "/play", "hello", "50"]
    api.updates = [command(number, text) for number, text in enumerate(others)]
    playing = asyncio.create_task(play(api, client, "sendMessage"))
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(playing, 0.5)


async def test_a_private_button_in_a_group_is_too_old(
    api: ScriptedBotApi, client: BackendClient, backend: FakeBackend
) -> None:
    api.updates = [tap(1, "balance")]
    answer = await play(api, client, "answerCallbackQuery")
    assert "too old" in answer["text"]
    assert backend.calls == []


async def test_only_what_is_handled_is_asked_for(
    api: ScriptedBotApi, client: BackendClient
) -> None:
    parameters = await play(api, client, "getUpdates")
    assert parameters["allowed_updates"] == list(ALLOWED_UPDATES)
    assert set(ALLOWED_UPDATES) == {"message", "callback_query", "my_chat_member"}


async def test_a_groups_link_goes_on_in_private_with_the_amount(ana: Person) -> None:
    await ana.writes("/start topup_50")
    await ana.sees("Add €50.00 to Acme.")
    await ana.writes("/start topup")
    assert "€50.00" in buttons(await ana.sees("How much"))
