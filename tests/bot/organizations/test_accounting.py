"""The time zone of the books: owners choose it in the chat, and the offered months follow it."""

from backend.schemas import Accounting
from tests.bot.conftest import Person, buttons
from tests.bot.fake_backend import ANA, FakeBackend

ALMATY = "Asia/Almaty"


async def test_in_the_chat_an_owner_taps_or_types_it(ana: Person, backend: FakeBackend) -> None:
    await ana.writes("/org")
    await ana.taps(await ana.sees("(your role: owner)"), "Time zone of the books")
    screen = await ana.sees("Acme: months begin and end by this time zone: UTC.")
    assert "✓ UTC" in buttons(screen)
    await ana.taps(screen, "UTC+5")
    screen = await ana.sees("From January 2099 on: UTC+5.")
    assert "✓ UTC+5" in buttons(screen)
    await ana.taps(screen, "Other")
    await ana.sees("Type your time zone")
    await ana.writes("Mars/Phobos")
    await ana.sees("I do not know that time zone.")
    await ana.writes("Europe/Berlin")
    await ana.sees("From January 2099 on: Europe/Berlin.")
    [own] = backend.memberships[ANA]
    assert own.accounting.next_time_zone == "Europe/Berlin"


async def test_in_the_chat_others_have_no_button(ben: Person) -> None:
    await ben.writes("/org")
    assert "Time zone of the books" not in buttons(await ben.sees("(your role: member)"))


async def test_the_months_offered_are_the_organizations(ana: Person, backend: FakeBackend) -> None:
    [own] = backend.memberships[ANA]
    accounting = Accounting(month="2031-01", time_zone=ALMATY)
    backend.memberships[ANA] = [own.model_copy(update={"accounting": accounting})]
    await ana.writes("/export")
    question = await ana.sees("Months begin and end by this time zone: Asia/Almaty.")
    assert list(buttons(question))[:2] == ["January 2031", "December 2030"]
    await ana.writes("/export soon")
    await ana.sees("Type it like this: /export 2031-01.")
