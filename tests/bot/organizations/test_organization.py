"""/org: to see, switch, found, rename and leave an organization."""

from uuid import uuid4

import pytest
from telegram import Update

from bot.telegram.context import BotApplication
from tests.bot.conftest import Person, buttons
from tests.bot.fake_backend import ACME, ANA, BEN, EVE, GLOBEX, FakeBackend, membership


async def test_org_shows_the_role_the_balance_and_what_this_role_may_do(
    ana: Person, ben: Person
) -> None:
    await ana.writes("/org")
    shown = await ana.sees("Acme (your role: owner)\nBalance: €12.34")
    people = ["Members", "Invite", "Open invitations", "Audit log"]
    assert list(buttons(shown)) == [
        *people,
        "Time zone of the books",
        "Billing e-mail",
        "Rename",
        "Leave",
        "New organization",
    ]
    await ben.writes("/org")
    shown = await ben.sees("Acme (your role: member)")
    assert list(buttons(shown)) == ["Members", "Leave", "New organization"]


async def test_a_switch_changes_the_same_message_and_what_every_command_means(
    ana: Person, backend: FakeBackend
) -> None:
    backend.memberships[ANA].append(membership(GLOBEX, "G" * 60, "admin"))
    await ana.writes("/org")
    shown = await ana.sees("Acme")
    await ana.taps(shown, f"Switch to {'G' * 39}…")
    switched = await ana.sees("GGG… (your role: admin)")
    assert switched["message_id"] == shown["message_id"]
    assert "Switch to Acme" in buttons(switched)
    await ana.writes("/members")
    await ana.sees("GGG…: 1 person")


async def test_with_several_organizations_the_current_one_is_meant_and_another_can_be(
    ana: Person, backend: FakeBackend
) -> None:
    backend.memberships[ANA].append(membership(GLOBEX, "Globex <b>", "admin"))
    await ana.writes("/topup 50")
    await ana.sees("Add €50.00")
    await ana.writes("/topup")
    offer = await ana.sees("How much do you want to add to Acme?")
    await ana.taps(offer, "Another organization")
    await ana.taps(await ana.sees("Which organization?"), "Globex <b>")
    again = await ana.sees("How much do you want to add to Globex <b>?")
    assert again["message_id"] == offer["message_id"]
    await ana.writes("/topup 20")
    await ana.sees("Add €20.00")
    assert [request.organization_id for _, request in backend.checkouts] == [ACME, GLOBEX]
    await ana.writes("/balance")
    assert (await ana.sees("Balance:"))["text"].startswith("Globex <b> (your role: admin)")


async def test_who_may_not_add_money_to_the_current_organization_is_shown_the_way_to_another(
    ana: Person, backend: FakeBackend
) -> None:
    backend.memberships[ANA] = [
        membership(ACME, "Acme", "member"),
        membership(GLOBEX, "G", "owner"),
    ]
    await ana.writes("/topup")
    refusal = await ana.sees("Only an admin or higher")
    await ana.taps(refusal, "Another organization")
    choice = await ana.sees("Which organization?")
    assert list(buttons(choice)) == ["G"]


async def test_old_buttons_ask_nothing_of_who_has_lost_the_role_meanwhile(
    ana: Person, backend: FakeBackend
) -> None:
    backend.memberships[ANA] = [membership(ACME, "Acme", "owner"), membership(GLOBEX, "G", "owner")]
    await ana.writes("/org")
    shown = await ana.sees("Acme (your role: owner)")
    await ana.writes("/topup")
    offer = await ana.sees("How much do you want to add to Acme?")
    backend.memberships[ANA] = [
        membership(ACME, "Acme", "member"),
        membership(GLOBEX, "G", "member"),
    ]
    assert "Only an admin or higher" in (await ana.taps(shown, "Rename"))["text"]
    too_old = await ana.taps(offer, "Another organization")
    assert too_old["text"] == "This button is too old. Type /topup or /balance."


async def test_an_organization_is_founded_once_by_one_message_and_is_the_current_one(
    eve: Person, backend: FakeBackend
) -> None:
    backend.lose_connections("POST /api/organizations", times=1)
    await eve.writes("/org new  Acme & <b>Sons</b>")
    await eve.sees("Acme & <b>Sons</b> (your role: owner)")
    assert [each.organization_name for each in backend.memberships[EVE]] == ["Acme & <b>Sons</b>"]


async def test_a_name_is_asked_for_until_it_is_one(eve: Person, backend: FakeBackend) -> None:
    await eve.writes("/start")
    await eve.taps(await eve.sees("not in any organization"), "New organization")
    await eve.sees("What is the new organization called?")
    await eve.writes("x" * 101)
    await eve.sees("A name needs 1 to 100 visible characters.")
    backend.refuse("POST /api/organizations", "invalid_request")
    await eve.writes("\u200b")
    await eve.sees("A name needs 1 to 100 visible characters.")
    backend.refuse_no_more()
    await eve.writes("Initech")
    await eve.sees("Initech (your role: owner)")
    await eve.writes("Initrode")
    await eve.sees("I did not understand that.")


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        ("signup_closed", "Ask the owner of an existing one for an invitation link."),
        ("too_many_organizations", "Somebody else can create it and invite you."),
    ],
)
async def test_where_nothing_can_be_founded_the_refusal_says_what_to_do(
    eve: Person, backend: FakeBackend, code: str, sentence: str
) -> None:
    backend.refuse("POST /api/organizations", code)
    await eve.writes("/org new Initech")
    await eve.sees(sentence)


async def test_a_rename_asks_for_the_name_which_cancel_and_everything_else_forget(
    ana: Person, backend: FakeBackend
) -> None:
    await ana.writes("/org")
    later = await ana.sees("Acme")
    await ana.writes("/org")
    await ana.taps(await ana.sees("Acme"), "Rename")
    await ana.sees("What should Acme be called?")
    await ana.writes("/cancel")
    await ana.sees("Canceled.")
    for other, answer in (
        *((command, "Acme") for command in ("/members", "/invite", "/org", "/balance")),
        ("/help", "What you can do here"),
        ("/group", "Add me to a group."),
    ):
        await ana.writes("/org")
        await ana.taps(await ana.sees("Acme (you"), "Rename")
        await ana.sees("What should Acme be called?")
        await ana.writes(other)
        await ana.sees(answer)
        await ana.writes("Something else")
        await ana.sees("I did not understand that.")
    await ana.writes("/org")
    shown = await ana.sees("Acme (you")
    await ana.taps(shown, "Rename")
    await ana.sees("What should Acme be called?")
    await ana.taps(later, "Members")
    await ana.sees("Acme: 2 people")
    await ana.writes("Something else")
    await ana.sees("I did not understand that.")
    await ana.writes("/org")
    await ana.taps(await ana.sees("Acme (you"), "Rename")
    await ana.writes("Acme Two")
    await ana.sees("Acme Two (your role: owner)")
    assert backend.memberships[BEN][0].organization_name == "Acme Two"


async def test_to_leave_takes_two_taps_and_an_old_button_shows_nothing_any_more(
    ben: Person, backend: FakeBackend
) -> None:
    await ben.writes("/org")
    old = await ben.sees("Acme (your role: member)")
    await ben.writes("/org")
    shown = await ben.sees("Acme (your role: member)")
    await ben.taps(shown, "Leave")
    sure = await ben.sees("Leave Acme? You will no longer see its wallet")
    assert backend.memberships[BEN]
    assert (await ben.taps(sure, "Leave"))["text"] == "You have left."
    left = await ben.sees("You are not in any organization here yet.")
    assert left["message_id"] == shown["message_id"]
    assert not backend.memberships[BEN]
    for label in ("Members", "Leave"):
        assert "I cannot find that any more." in (await ben.taps(old, label))["text"]


async def test_the_last_owner_is_told_what_to_do_before_leaving(ana: Person) -> None:
    await ana.writes("/org")
    await ana.taps(await ana.sees("Acme"), "Leave")
    refusal = await ana.taps(await ana.sees("Leave Acme?"), "Leave")
    assert refusal["show_alert"] is True
    assert "Make somebody else an owner first: type /members." in refusal["text"]


async def test_an_organization_that_was_never_theirs_is_not_theirs_by_a_made_up_button(
    ben: Person, backend: FakeBackend
) -> None:
    await ben.writes("/help")
    message = await ben.sees("What you can do here")
    for act in (
        "rename:{}",
        "leave:{}",
        "members:{}:0",
        "invite:{}:owner:20:720",
        "amounts:{}:eur",
    ):
        rows = [[{"text": "Odd", "callback_data": act.format(GLOBEX.hex)}]]
        made_up = {"chat_id": BEN, "message_id": message["message_id"], "text": act}
        await ben.telegram.bot("editMessageText", **made_up, reply_markup={"inline_keyboard": rows})
        shown = await ben.taps(await ben.sees(act), "Odd")
        assert "I cannot find that any more." in shown["text"]
    assert backend.memberships[BEN][0].organization_id == ACME


async def test_org_with_other_words_says_how_to_write_it(ana: Person) -> None:
    await ana.writes(f"/org {uuid4()}")
    await ana.sees("/org new Acme GmbH")


async def test_where_the_message_of_a_button_is_gone_the_answer_is_a_new_one(
    ana: Person, bot: BotApplication
) -> None:
    await ana.writes("/org")
    shown = await ana.sees("Acme")
    tap = {
        "id": "1",
        "chat_instance": "1",
        "data": "settings",
        "from": {"id": ANA, "is_bot": False, "first_name": "Ana"},
        "message": shown | {"message_id": shown["message_id"] + 1000},
    }
    await bot.process_update(Update.de_json({"update_id": 1, "callback_query": tap}, bot.bot))
    await ana.sees("Quiet hours: off")
