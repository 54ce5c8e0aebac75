"""`python -m backend payments show`: the operator finds a payment and reads what to do next."""

import json
from typing import Any

import pytest

from tests.backend.commands.test_commands import GOOD, run
from tests.backend.conftest import System
from tests.backend.payments.test_refunds import at_stripe, credited
from tests.cases.stripe_objects import Connection
from tests.cases.test_finding_payments import stripe_ids

NOT_OURS = "00000000-0000-4000-8000-000000000009"
Settings = dict[str, str]


@pytest.fixture
def settings(system: System, database_url: str) -> Settings:
    """What the command needs to reach this test's database and Stripe."""
    own = {"SUPABASE_DB_URL": database_url, "STRIPE_API_BASE": system.sandbox_url}
    return GOOD | own


async def show(name: str, settings: Settings) -> list[dict[str, Any]]:
    """The payments of this name, as programs read them."""
    code, output, errors = await run("payments", "show", name, "--json", **settings)
    assert code == (0 if json.loads(output) else 1), errors
    return list(json.loads(output))


def ended(shown: dict[str, Any]) -> tuple[str, str]:
    """What a payment waits for, and the last thing to do about it."""
    return shown["waits_for"], shown["next_steps"][-1]


@pytest.mark.slow
async def test_a_payment_is_found_by_reference_our_id_and_each_id_of_stripes(
    system: System, settings: Settings
) -> None:
    payment = await credited(system)
    await system.topup("9", key="another")
    reference = (await system.see(payment)).reference
    names = [reference, reference[:9].lower(), str(payment), payment.hex]
    for name in [*names, *(await stripe_ids(system, payment)).values()]:
        assert [each["payment"]["id"] for each in await show(name, settings)] == [str(payment)]


@pytest.mark.parametrize("name", ["%", "_", "ZZZZZZZZZZ", "pi_unknown", "ch_unknown", NOT_OURS])
async def test_what_names_no_payment_is_said_and_ends_with_1(
    system: System, settings: Settings, name: str
) -> None:
    await credited(system)
    code, output, errors = await run("payments", "show", name, **settings)
    assert (code, output) == (1, "")
    assert f"No payment is called {name}." in errors


async def test_the_text_has_what_happened_each_event_and_each_message(
    system: System, settings: Settings
) -> None:
    payment = await credited(system)
    seen = await system.see(payment)
    code, text, _ = await run("payments", "show", seen.reference, **settings)
    assert code == 0
    for part in (
        f"{seen.reference}  50.00 EUR  succeeded", f"Acme ({system.world.acme})", "by Ana",
        "checkout, Visa •••• 4242", "credited 50.00 EUR balance 50.00",
        "checkout.session.completed evt_", "done (paid), 1 try", "payment_shown to chat 1001",
        "What to do next:",
    ):  # fmt: skip
        assert part in text


async def test_a_dead_letter_names_the_commands_that_end_it(
    system: System, settings: Settings, owner: Connection
) -> None:
    payment = await credited(system)
    event = await owner.fetchval(
        "update stripe_events set state = 'dead_letter', reason = 'amount_differs'"
        " where type = 'checkout.session.completed' returning id"
    )
    [shown] = await show(str(payment), settings)
    assert shown["waits_for"] == "operator"
    steps = "\n".join(shown["next_steps"])
    for act in ("show", "retry", "accept", "dismiss"):
        assert f"python -m backend events {act} {event}" in steps
    await owner.execute("update stripe_events set state = 'failed' where state = 'dead_letter'")
    [shown] = await show(str(payment), settings)
    assert f"python -m backend events retry {event}" in shown["next_steps"]


async def test_each_place_where_it_waits_has_something_to_do(
    system: System, settings: Settings, owner: Connection
) -> None:
    waiting = await system.topup("9", key="open")
    [shown] = await show(str(waiting), settings)
    assert ended(shown) == ("payer", "python -m backend reconcile")
    payment = await credited(system)
    await at_stripe(system, payment, "refund_pending", amount=500)
    await system.until(payment, lambda now: len(now.refunds) == 1)
    [shown] = await show(str(payment), settings)
    assert ended(shown) == ("refund", "python -m backend reconcile")
    await owner.execute("update refunds set status = 'succeeded'")
    await owner.execute("update notifications set created_at = created_at - interval '2 minutes'")
    [shown] = await show(str(payment), settings)
    assert ended(shown) == ("telegram", "python -m backend doctor")
    await owner.execute("update notifications set state = 'delivered', delivered_at = now()")
    [shown] = await show(str(payment), settings)
    assert shown["next_steps"] == ["Nothing: it waits for nothing."]
