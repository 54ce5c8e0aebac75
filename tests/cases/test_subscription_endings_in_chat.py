"""An end that is set for a recurring top-up, as the chat shows it and takes it back."""

import pytest

from bot.locales.texts import load_texts
from bot.subscriptions.screens import subscription_screen
from sandbox.telegram.text import plain_text
from tests.backend.conftest import System
from tests.bot.conftest import Person, backend_url, buttons, client, system, telegram
from tests.bot.fake_backend import NOON, subscription
from tests.bot.payments.test_charges import ana, ben
from tests.bot.subscriptions.test_subscriptions import begin
from tests.cases.test_stale_taps import LATE, taps_come_in_time, taps_come_too_late
from tests.cases.test_subscription_endings import at_stripe, in_the_portal

__all__ = ["ana", "backend_url", "ben", "client", "system", "telegram"]


async def test_the_chat_says_when_it_ends_and_takes_that_back(system: System, ana: Person) -> None:
    message = await begin(system, ana)
    await in_the_portal(system, "end")
    notified = plain_text(await ana.sees("every month for Acme will end on"))
    day = notified.partition("will end on ")[2].partition(".")[0]
    await ana.writes("/recurring")
    listed = await ana.sees(f"€25.00 every month, active, ends on {day}")
    label = next(name for name in buttons(listed) if name.startswith("€25.00"))
    await ana.taps(listed, label)
    shown = await ana.sees(f"It ends on {day}: nothing more is charged.")
    assert "Next on" not in plain_text(shown)
    await taps_come_too_late(system)
    await ana.taps(shown, "Keep it", wait=0.1)
    late = await ana.sees(LATE)
    assert at_stripe(system)["cancel_at"] is not None
    await taps_come_in_time(system)
    await ana.taps(late, "Keep it")
    again = await ana.sees("every month, active, with")
    assert "Next on" in plain_text(again)
    assert "Keep it" not in buttons(again)
    assert message["message_id"] != again["message_id"]
    assert at_stripe(system)["cancel_at"] is None


@pytest.mark.parametrize("language", sorted(load_texts().languages))
@pytest.mark.parametrize("status", ["past_due", "paused"])
def test_one_that_is_not_paid_or_paused_says_so_and_when_it_ends(
    status: str, language: str
) -> None:
    translator = load_texts().translator(language)
    goes_on = subscription_screen(subscription(status=status), translator)
    ending = subscription_screen(subscription(status=status, cancel_at=NOON), translator)
    assert set(goes_on.text.split("\n")[1:]) < set(ending.text.split("\n"))
    over = subscription(status="canceled", cancel_at=NOON)
    assert len(subscription_screen(over, translator).text.split("\n")) == 2
