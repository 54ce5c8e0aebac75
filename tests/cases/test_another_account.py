"""A database belongs to one Stripe account and mode."""

import json
from uuid import uuid4

import pytest

from backend.database.protocol import SERVICE
from backend.errors import WrongStripeMode
from backend.opening import claim_stripe_account
from backend.operator_errors import WrongStripeAccount
from backend.schemas import RefundRequest
from tests.backend.commands.test_commands import GOOD, run
from tests.backend.conftest import ANA, System
from tests.backend.doctor.test_doctor import DoctorRunner, doctor_runner
from tests.cases.stripe_objects import Connection, balance, paid

__all__ = ["doctor_runner"]


def settings_of(system: System, url: str) -> dict[str, str]:
    return GOOD | {"SUPABASE_DB_URL": url, "STRIPE_API_BASE": system.sandbox_url}


async def test_it_refuses_to_start_with_another_accounts_key_and_names_both_ways_out(
    system: System, database_url: str
) -> None:
    await system.sandbox("POST", "/stripe/account")
    code, _, errors = await run("reconcile", **settings_of(system, database_url))
    assert code == 1
    for part in ("is of another one", "another database", "forget-stripe-account"):
        assert part in " ".join(errors.split())
    assert "Traceback" not in errors
    with pytest.raises(WrongStripeAccount):
        await claim_stripe_account(system.services.database, system.services.stripe)


async def test_doctor_finds_another_accounts_key(
    doctor_runner: DoctorRunner, system: System
) -> None:
    _, findings = await doctor_runner.examine()
    assert ("ok", "account") in findings
    await system.sandbox("POST", "/stripe/account")
    code, findings = await doctor_runner.examine()
    assert code == 1
    assert "belongs to the account" in findings["error", "account"]


async def test_a_key_that_may_not_read_its_account_starts_all_the_same(
    system: System, database_url: str
) -> None:
    await system.sandbox("POST", "/stripe/faults", lacks=["account_read"])
    code, _, errors = await run("reconcile", **settings_of(system, database_url))
    assert (code, "stripe_account_unavailable" in errors) == (0, True)


async def test_a_test_database_can_forget_its_account_and_keeps_its_ledger(
    system: System, owner: Connection, database_url: str
) -> None:
    payment, _ = await paid(system)
    await system.topup(key="open")
    await system.client.create_refund(ANA, payment, RefundRequest(amount="7"), idempotency_key="r")
    before = await balance(owner)
    settings = settings_of(system, database_url)
    code, _, errors = await run("forget-stripe-account", **settings)
    assert (code, "To do it, add --yes." in errors) == (2, True)
    code, output, errors = await run("forget-stripe-account", "--yes", **settings)
    assert (code, errors) == (0, "")
    assert json.loads(output)["customers"] == 1
    await system.sandbox("POST", "/stripe/account", id=f"acct_{uuid4().hex[:16]}")
    await claim_stripe_account(system.services.database, system.services.stripe)
    assert await balance(owner) == before == 4300
    await system.sandbox("POST", "/stripe/faults", drop=False)
    # The usual things work with the new account, and nothing asks it about what the old one had.
    await paid(system, "new")
    seen = await system.see(payment)
    assert seen.status == "succeeded"
    code, output, errors = await run("reconcile", **settings)
    assert (code, "reconcile_object_failed" in errors) == (0, False)
    assert (
        await system.services.database.call("list_events", SERVICE, states=["failed"], max_rows=9)
        == []
    )


async def test_a_live_database_forgets_nothing(system: System, owner: Connection) -> None:
    await owner.execute("update private.installation set livemode = true where only_row")
    with pytest.raises(WrongStripeMode):
        await system.services.database.call("forget_stripe_account", SERVICE)
