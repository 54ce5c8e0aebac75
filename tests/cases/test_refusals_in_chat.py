"""What Stripe refuses is said in the chat in words for a person, who cannot change the key."""

import pytest

from tests.backend.conftest import System
from tests.bot.conftest import Person, backend_url, client, system, telegram
from tests.bot.payments.test_charges import ana, ben

__all__ = ["ana", "backend_url", "ben", "client", "system", "telegram"]


@pytest.mark.parametrize(
    ("faults", "sentence"),
    [
        ({"lacks": ["checkout_session_write"]}, "Only whoever runs the service can correct it"),
        ({"key_rolled": True}, "Only whoever runs the service can correct it"),
        ({"api_500": 1}, "Something went wrong at Stripe, and nothing was charged."),
    ],
)
async def test_who_can_do_something_about_it_is_said(
    system: System, ana: Person, faults: dict[str, object], sentence: str
) -> None:
    await system.topup(key="first")  # the customer is there
    await system.sandbox("POST", "/stripe/faults", **faults)
    await ana.writes("/topup 50")
    shown = str(await ana.sees(sentence))
    assert "permission" not in shown
    assert "Write" not in shown
