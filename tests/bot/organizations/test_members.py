"""/members: the list, the roles, and who is let go."""

import pytest

from tests.bot.conftest import Person, buttons
from tests.bot.fake_backend import (
    ACME,
    ANA,
    BEN,
    EVE,
    FakeBackend,
    membership,
    notification,
    payment,
)


async def test_everybody_sees_who_belongs_and_only_those_who_may_change_somebody_get_buttons(
    ana: Person, ben: Person, backend: FakeBackend
) -> None:
    backend.names[BEN] = "<b>Ben</b> " + "n" * 80
    await ana.writes("/members")
    shown = await ana.sees("Acme: 2 people\nAna, owner (you)\n<b>Ben</b> nnnn")
    assert [len(label) for label in buttons(shown)] == [40]
    await ben.writes("/members")
    assert not buttons(await ben.sees("Acme: 2 people"))


async def test_a_role_is_changed_in_the_same_message(ana: Person, backend: FakeBackend) -> None:
    backend.names[BEN] = "Ben"
    await ana.writes("/members")
    shown = await ana.sees("Acme: 2 people")
    await ana.taps(shown, "Ben")
    person = await ana.sees("Ben\nmember in Acme")
    assert list(buttons(person)) == ["Make admin", "Make owner", "Remove", "Back"]
    await ana.taps(person, "Make admin")
    changed = await ana.sees("Ben, admin")
    assert changed["message_id"] == shown["message_id"]
    assert backend.memberships[BEN][0].role == "admin"


@pytest.mark.parametrize(
    ("label", "question", "then"),
    [
        ("Make owner", "Make Ben an owner of Acme?", "Ben, owner"),
        ("Remove", "Remove Ben from Acme?", "Acme: 1 person"),
    ],
)
async def test_what_cannot_be_taken_back_is_asked_first(
    ana: Person, backend: FakeBackend, label: str, question: str, then: str
) -> None:
    backend.names[BEN] = "Ben"
    await ana.writes("/members")
    await ana.taps(await ana.sees("Acme: 2 people"), "Ben")
    await ana.taps(await ana.sees("Ben\nmember"), label)
    sure = await ana.sees(question)
    assert backend.memberships[BEN][0].role == "member"
    await ana.taps(sure, label)
    done = await ana.sees(then)
    assert "Ben" not in buttons(done) or label == "Make owner"


async def test_an_admin_may_change_members_and_nobody_else(
    ben: Person, backend: FakeBackend
) -> None:
    backend.memberships[BEN] = [membership(ACME, "Acme", "admin")]
    backend.memberships[EVE] = [membership(ACME, "Acme", "member")]
    backend.names |= {EVE: "Eve"}
    await ben.writes("/members")
    shown = await ben.sees("Acme: 3 people")
    assert list(buttons(shown)) == ["Eve"]
    await ben.taps(shown, "Eve")
    assert list(buttons(await ben.sees("Eve\nmember in Acme"))) == ["Remove", "Back"]


async def test_who_lost_the_role_meanwhile_is_refused_by_the_backend(
    ana: Person, backend: FakeBackend
) -> None:
    backend.names[BEN] = "Ben"
    await ana.writes("/members")
    await ana.taps(await ana.sees("Acme: 2 people"), "Ben")
    person = await ana.sees("Ben\nmember in Acme")
    backend.memberships[ANA] = [membership(ACME, "Acme", "admin")]
    assert "Only an owner of your organization" in (await ana.taps(person, "Make admin"))["text"]
    assert backend.memberships[BEN][0].role == "member"


async def test_many_people_are_turned_over_in_one_message(
    ana: Person, backend: FakeBackend
) -> None:
    for number in range(2001, 2018):
        backend.memberships[number] = [membership(ACME, "Acme", "member")]
    await ana.writes("/members")
    first = await ana.sees("Acme: 19 people")
    assert list(buttons(first))[-1] == "→"
    await ana.taps(first, "→")
    second = await ana.sees("Person 2007")
    assert list(buttons(second))[-2:] == ["←", "→"]
    await ana.taps(second, "→")
    third = await ana.sees("Person 2017")
    assert third["message_id"] == first["message_id"]
    assert len(third["text"].splitlines()) == 1 + 19 - 16
    await ana.taps(third, "Person 2016")
    await ana.taps(await ana.sees("Person 2016\nmember"), "Back")
    await ana.sees("Person 2017")


@pytest.mark.parametrize(
    ("kind", "facts", "sentence"),
    [
        (
            "member_joined",
            {"organization_name": "<i>Acme", "name": "Eve", "role": "admin"},
            "Eve joined <i>Acme as admin.",
        ),
        (
            "role_changed",
            {"organization_name": "Acme", "by": "Ana", "role": "owner"},
            "Ana changed your role in Acme to owner.",
        ),
        (
            "member_removed",
            {"organization_name": "Acme", "by": "Ana"},
            "Ana removed you from Acme.",
        ),
    ],
)
async def test_news_of_a_membership_are_told_in_words(
    ben: Person, backend: FakeBackend, kind: str, facts: dict[str, str | int], sentence: str
) -> None:
    await ben.writes("/start")
    notified = notification(payment(), chat_id=BEN).model_copy(
        update={"kind": kind, "facts": facts, "payment": None}
    )
    backend.outbox.put_nowait(notified)
    await ben.sees(sentence)


async def test_a_button_about_a_person_fits_into_what_telegram_takes(ana: Person) -> None:
    await ana.writes("/members")
    shown = await ana.sees("Acme: 2 people")
    [data] = buttons(shown).values()
    assert len(data.replace("member:", "change:") + ":removed") <= 64
