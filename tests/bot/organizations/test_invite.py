"""/invite: the choices, the link, and what it does for who opens it."""

import asyncio
import re
from datetime import timedelta

import pytest

from bot.organizations.invite import parse_offer
from bot.telegram.refusals import BotRefusal
from tests.bot.conftest import Person, buttons
from tests.bot.fake_backend import ACME, ANA, BEN, EVE, GLOBEX, NOON, FakeBackend, membership


async def link_in(person: Person) -> str:
    """The payload of the link that is shown next."""
    shown = await person.sees("https://t.me/")
    return str(re.findall(r"https://t\.me/\w+\?start=(invite_[\w-]+)", shown["text"])[0])


async def test_an_invitation_is_chosen_by_buttons_and_its_link_takes_their_place(
    ana: Person, backend: FakeBackend
) -> None:
    await ana.writes("/invite")
    offer = await ana.sees("An invitation to Acme")
    assert [label for label in buttons(offer) if label.startswith("✓")] == [
        "✓ member",
        "✓ 1 person",
        "✓ 2 days",
    ]
    await ana.taps(offer, "admin")
    await ana.taps(await ana.sees("An invitation to Acme"), "5 people")
    await ana.taps(await ana.sees("An invitation to Acme"), "a month")
    chosen = await ana.sees("An invitation to Acme")
    assert {"✓ admin", "✓ 5 people", "✓ a month"} <= buttons(chosen).keys()
    await asyncio.gather(*(ana.taps(chosen, "Create link") for _ in range(2)))
    shown = await ana.sees("Join Acme as admin: https://t.me/")
    assert "works for 5 people, until June 16, 2026, 12:00 UTC" in shown["text"]
    assert shown["message_id"] == offer["message_id"]
    [made] = backend.invitations.values()
    assert (made.role, made.uses_left) == ("admin", 5)
    assert made.expires_at == NOON + timedelta(days=30)
    await ana.taps(shown, "Revoke")
    await ana.sees("Revoked. Nobody can join with this link any more.")
    assert not backend.invitations


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("admin 5 7d", ("admin", 5, 168)),
        ("20", ("member", 20, 48)),
        ("12h", ("member", 1, 12)),
        ("owner 4w", ("owner", 1, 672)),
        ("57d", None),
        ("101", None),
        ("0", None),
        ("admin 0d", None),
        ("5 5", None),
        ("boss", None),
    ],
)
def test_arguments_are_read_or_refused_as_a_whole(
    arguments: str, expected: tuple[str, int, int] | None
) -> None:
    if expected is None:
        with pytest.raises(BotRefusal):
            parse_offer(arguments)
    else:
        offer = parse_offer(arguments)
        assert (offer.role, offer.uses, offer.hours) == expected


async def test_a_wrong_argument_is_told_how_to_write_it_and_a_right_one_makes_the_link(
    ana: Person, backend: FakeBackend
) -> None:
    await ana.writes("/invite everybody forever")
    await ana.sees("/invite admin 5 7d")
    assert not backend.invitations
    await ana.writes("/invite ADMIN  5 7d")
    await ana.sees("Join Acme as admin")


async def test_only_who_may_invite_is_offered_it_and_only_roles_that_are_theirs_to_give(
    ben: Person, backend: FakeBackend
) -> None:
    await ben.writes("/invite")
    await ben.sees("Only an admin or higher")
    backend.memberships[BEN] = [membership(ACME, "Acme", "admin")]
    await ben.writes("/invite")
    assert "owner" not in buttons(await ben.sees("An invitation to Acme"))
    await ben.writes("/invite owner")
    await ben.sees("Only an owner of your organization")


async def test_a_stranger_who_opens_the_link_belongs_at_once_and_again_is_harmless(
    ana: Person, eve: Person, backend: FakeBackend
) -> None:
    await ana.writes("/invite 2")
    payload = await link_in(ana)
    for _ in range(2):
        await eve.writes(f"/start {payload}")
        welcome = await eve.sees("You are now in Acme. Your role: member.")
        assert "Balance: €12.34" in welcome["text"]
        assert list(buttons(welcome)) == ["Balance"]
    assert [each.organization_id for each in backend.memberships[EVE]] == [ACME]


async def test_who_joins_another_organization_keeps_the_current_one_until_they_switch(
    ana: Person, eve: Person, backend: FakeBackend
) -> None:
    backend.memberships[EVE] = [membership(GLOBEX, "Globex", "owner")]
    await ana.writes("/invite")
    await ana.taps(await ana.sees("An invitation to Acme"), "Create link")
    await eve.writes(f"/start {await link_in(ana)}")
    welcome = await eve.sees("/topup and /balance still use Globex by default.")
    assert backend.default_organizations.get(EVE) is None
    await eve.taps(welcome, "Switch to Acme")
    await eve.sees("Acme (your role: member)")
    assert backend.default_organizations[EVE] == ACME


@pytest.mark.parametrize("code", ["", "nonsense", "x" * 3000, "<b>", "_"])
async def test_a_link_that_does_not_work_says_what_to_do(eve: Person, code: str) -> None:
    await eve.writes(f"/start invite_{code}")
    await eve.sees("Ask whoever sent it for a new one.")


async def test_start_with_another_word_is_start(ana: Person) -> None:
    await ana.writes("/start friends_of_ana")
    await ana.sees("Hello, Ana.")
    assert ANA


async def test_old_choices_are_refused_to_who_may_invite_nobody_any_more(
    ana: Person, backend: FakeBackend
) -> None:
    await ana.writes("/invite")
    offer = await ana.sees("An invitation to Acme")
    backend.memberships[ANA] = [membership(ACME, "Acme", "member")]
    for label in ("5 people", "Create link"):
        assert "your organization can do that" in (await ana.taps(offer, label))["text"]
    assert not backend.invitations
