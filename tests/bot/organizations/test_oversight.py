"""Owners see in the chat which invitations are open, and what was done; each role its own."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import asyncpg
import pytest

from backend.schemas import InvitationRequest, OrganizationRequest
from bot.backend_api.errors import BackendRefusal
from bot.locales import keys
from bot.locales.texts import load_texts
from sandbox.telegram.text import plain_text
from tests.backend.conftest import ANA, BEN, System
from tests.backend.payments.test_refunds import credited, refund
from tests.bot.conftest import Person, buttons
from tests.sandbox.telegram.playground import Playground

if TYPE_CHECKING:
    Connection = asyncpg.Connection[Any]
else:
    Connection = asyncpg.Connection
# An action in a call that writes it; `method_` goes on with what is to be done at Stripe.
WRITTEN = re.compile(r"private\.audit(?:_event|_operator)?\([^;']*?'([a-z]+(?:_[a-z]+)+)'")
CLAWBACK = re.compile(r"private\.notify_clawback\([^;']*?'([a-z_]+)'")
OF_NO_ORGANIZATION = {
    "package_added", "package_removed", "person_erased", "stripe_account_forgotten",
}  # fmt: skip
MIGRATIONS = Path(__file__).parents[3] / "supabase" / "migrations"


@pytest.fixture
def ana(system: System) -> Person:
    return Person(Playground(system.sandbox_url, system.http), "ana")


@pytest.fixture
def ben(system: System) -> Person:
    return Person(Playground(system.sandbox_url, system.http), "ben")


async def invite(system: System, **terms: Any) -> str:
    """An open invitation of Ana's; its code."""
    made = await system.client.create_invitation(ANA, system.world.acme, InvitationRequest(**terms))
    return str(made.code)


async def test_open_invitations_are_listed_and_revoked_one_by_one(
    system: System, ana: Person
) -> None:
    code = await invite(system, role="admin", uses=5)
    await invite(system)
    await ana.writes("/org")
    await ana.taps(await ana.sees("Acme"), "Open invitations")
    listed = await ana.sees("Acme: open invitations")
    text = plain_text(listed)
    assert "1. As member, for 1 person, until" in text
    assert "2. As admin, for 5 people, until" in text
    assert "Made by Ana." in text
    assert list(buttons(listed)) == ["Revoke 1", "Revoke 2", "Back"]
    await ana.taps(listed, "Revoke 2")
    left = await ana.sees("Acme: open invitations")
    assert (left["message_id"], list(buttons(left))) == (listed["message_id"], ["Revoke 1", "Back"])
    with pytest.raises(BackendRefusal) as refused:
        await system.client.accept_invitation(BEN, code)
    assert refused.value.code == "invitation_invalid"
    await ana.taps(left, "Revoke 1")
    none = await ana.sees("Acme has no open invitations.")
    await ana.taps(none, "Back")
    await ana.sees("(your role: owner)")


async def test_very_many_invitations_fit_a_message(system: System, ana: Person) -> None:
    for _ in range(12):
        await invite(system)
    await ana.writes("/org")
    await ana.taps(await ana.sees("Acme"), "Open invitations")
    listed = await ana.sees("2 more are not shown")
    assert list(buttons(listed))[-2:] == ["Revoke 10", "Back"]


async def test_an_admin_revokes_what_an_admin_could_make_and_sees_no_log(
    system: System, ben: Person, owner: Connection
) -> None:
    await owner.execute("update memberships set role = 'admin' where role = 'member'")
    await invite(system, role="owner")
    await invite(system)
    await ben.writes("/org")
    shown = await ben.sees("(your role: admin)")
    assert "Audit log" not in buttons(shown)
    await ben.taps(shown, "Open invitations")
    assert list(buttons(await ben.sees("open invitations"))) == ["Revoke 1", "Back"]


async def test_a_member_is_offered_neither_and_gets_neither(system: System, ben: Person) -> None:
    await ben.writes("/org")
    shown = await ben.sees("(your role: member)")
    assert not {"Open invitations", "Audit log"} & buttons(shown).keys()
    await invite(system)
    for data in (f"invitations:{system.world.acme.hex}", "audit:AAAAAAAAAAAAAAAAAAAAAA:"):
        await ben.taps_old(shown, data)
    await ben.writes("/balance")
    await ben.sees("Balance:")
    assert not [text for text in await ben.chat() if "open invitations" in text]


async def test_the_log_says_who_did_what_to_whom_page_by_page(
    system: System, ana: Person, owner: Connection
) -> None:
    for number in range(14):
        name = OrganizationRequest(name=f"Acme {number}")
        await system.client.rename_organization(ANA, system.world.acme, name)
    payment = await credited(system)
    await refund(system, payment, amount="20")
    members = await system.client.list_members(ANA, system.world.acme)
    [ben] = [each.user_id for each in members.members if each.name == "Ben"]
    await system.client.change_role(ANA, system.world.acme, ben, "admin")
    await system.client.remove_member(ANA, system.world.acme, ben)
    await ana.writes("/org")
    await ana.taps(await ana.sees("(your role: owner)"), "Audit log")
    newest = await ana.sees("Acme 13: what was done")
    text = plain_text(newest)
    assert text.index("Ana: removed Ben") < text.index("Ana: changed the role of Ben to admin")
    reference = (await system.see(payment)).reference
    assert f"Ana: asked for a refund, €20.00, reference {reference}" in text
    assert list(buttons(newest)) == ["Older »", "Back"]
    await ana.taps(newest, "Older »")
    older = await ana.sees("what was done")
    assert list(buttons(older)) == ["« Newest", "Back"]
    assert "Ana: renamed the organization" in plain_text(older)
    await ana.taps(older, "« Newest")
    assert plain_text(await ana.sees("removed Ben")) == text


def test_every_action_that_sql_writes_has_a_sentence() -> None:
    sql = "\n".join(path.read_text(encoding="utf-8") for path in MIGRATIONS.glob("*.sql"))
    named = {*WRITTEN.findall(sql), *CLAWBACK.findall(sql)}
    written = {name for name in named if not name.endswith("_id")}
    assert {"member_left", "refund_made", "event_adopted"} <= written
    assert written - OF_NO_ORGANIZATION - keys.AUDIT_ACTIONS.keys() == set()
    for language in load_texts().languages:
        translator = load_texts().translator(language)
        for key in keys.AUDIT_ACTIONS.values():
            assert translator.text(key, about="Ben", role="admin")
