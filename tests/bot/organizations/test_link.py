"""/start link_<code>: asked first, because a link can come from anybody."""

import pytest

from tests.bot.conftest import Person, buttons
from tests.bot.fake_backend import FakeBackend

CODE = "0123456789abcdef" * 2


async def test_a_link_from_the_web_asks_and_then_connects(
    ana: Person, backend: FakeBackend
) -> None:
    await ana.writes(f"/start link_{CODE}")
    question = await ana.sees("Connect this Telegram account")
    assert list(buttons(question)) == ["Connect", "Cancel"]
    assert not backend.accepted_links
    await ana.taps(question, "Connect")
    await ana.sees("Connected.")
    assert backend.accepted_links == {CODE}


@pytest.mark.parametrize("code", ["", "x", CODE[1:], CODE + "0", CODE.upper()])
async def test_a_link_that_is_not_complete_asks_nothing(ana: Person, code: str) -> None:
    await ana.writes(f"/start link_{code}")
    await ana.sees("This link no longer works")


async def test_two_histories_are_refused_in_words(ana: Person, backend: FakeBackend) -> None:
    await ana.writes(f"/start link_{CODE}")
    backend.refuse("POST /api/me/link/accept", "both_have_history")
    answer = await ana.taps(await ana.sees("Connect this Telegram account"), "Connect")
    assert "their histories cannot be merged" in str(answer)


async def test_nobody_is_asked_to_undo_a_link_that_is_not_there(ana: Person) -> None:
    await ana.writes("/unlink")
    await ana.sees("This account is not connected to a web account.")


async def test_a_link_is_undone_after_a_question(ana: Person, backend: FakeBackend) -> None:
    backend.accepted_links.add(CODE)
    await ana.writes("/unlink")
    question = await ana.sees("Disconnect this Telegram account")
    assert list(buttons(question)) == ["Disconnect", "Cancel"]
    await ana.taps(question, "Cancel")
    await ana.sees("Canceled. Nothing was started.")
    assert backend.accepted_links
    await ana.writes("/unlink")
    question = await ana.sees("Disconnect this Telegram account")
    backend.refuse("DELETE /api/me/link", "not_linked")  # undone elsewhere, after the question
    assert "not connected" in str(await ana.taps(question, "Disconnect"))
    backend.refuse_no_more()
    await ana.writes("/unlink")
    question = await ana.sees("Disconnect this Telegram account")
    await ana.taps(question, "Disconnect")
    await ana.sees("separate again")
    assert not backend.accepted_links
