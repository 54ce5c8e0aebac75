"""python -m backend doctor, as the engineer types it: each broken thing is named with its cure."""

import json
from typing import Any

import asyncpg
import pytest

from backend.doctor.finding import LEVELS, SENTENCES
from backend.doctor.stripe_checks import endpoint_findings
from backend.stripe.client import API_VERSION
from backend.stripe.events import EVENT_TYPES
from backend.stripe.parsers.webhook_endpoints import WebhookEndpoint
from tests.backend.commands.test_commands import GOOD, run
from tests.backend.conftest import ANA, House
from tests.backend.stripe.test_webhooks import body, paid_at_stripe, signed
from tests.supabase_standin import JWT_SECRET, SECRET_KEY, Standin

UNAVAILABLE = "database.unavailable"  # what cures that, its reason says
Said = dict[tuple[str, str], str]


class Clinic:
    """The doctor over a house, with settings that can be broken."""

    def __init__(self, house: House, database_url: str) -> None:
        self.settings = {
            **GOOD,
            "SUPABASE_DB_URL": database_url,
            "STRIPE_API_BASE": house.sandbox_url,
            "PUBLIC_URL": house.url,
            "TELEGRAM_API_BASE": house.sandbox_url,
            "TELEGRAM_BOT_TOKEN": "1:sandbox",
        }

    async def examine(self, *words: str, **changed: str) -> tuple[int | None, Said]:
        """Exit code, and what was said by level and subject."""
        code, output, errors = await run("doctor", "--json", *words, **self.settings | changed)
        assert "Traceback" not in errors, errors
        said: Said = {}
        for found in json.loads(output):
            key = (found["level"], found["about"])
            said[key] = f"{said.get(key, '')}{found['said']} {found['fix']}\n"
        for secret in (*GOOD.values(), "whsec_sandbox", "1:sandbox", "u:p"):
            assert secret not in output + errors
        return code, said


def test_every_sentence_has_one_level_and_what_is_wrong_has_a_cure() -> None:
    for about, sentences in SENTENCES.items():
        for what, said in sentences.items():
            [level] = said.keys() - {"fix"}
            assert level in LEVELS
            assert (level == "ok") == ("fix" not in said) or f"{about}.{what}" == UNAVAILABLE


def problems(said: Said) -> Said:
    return {key: text for key, text in said.items() if key[0] != "ok"}


@pytest.fixture
def clinic(house: House, database_url: str) -> Clinic:
    return Clinic(house, database_url)


@pytest.mark.usefixtures("real_processes")
async def test_a_healthy_house_has_nothing_to_complain_of(house: House, clinic: Clinic) -> None:
    await house.pay(await house.topup())
    code, said = await clinic.examine("--strict")
    assert (code, problems(said)) == (0, {})
    subjects = {subject for _, subject in said}
    assert subjects == {
        "settings", "database", "mode", "events", "outbox", "payments", "ledger",
        "stripe", "account", "permission", "clock", "webhook", "telegram",
    }  # fmt: skip
    code, output, _ = await run("doctor", **clinic.settings)
    assert (code, output.splitlines()[0][:8]) == (0, "ok      ")


async def test_wrong_settings_are_told_together(clinic: Clinic) -> None:
    code, said = await clinic.examine(STRIPE_SECRET_KEY="", PORT="x", STRIPE_WEBHOOK_SECRET="no")
    told = problems(said)[("error", "settings")]
    assert code == 1
    for name in ("STRIPE_SECRET_KEY", "PORT", "STRIPE_WEBHOOK_SECRET"):
        assert name in told


LIVE = {"STRIPE_SECRET_KEY": "sk_live_x", "PUBLIC_URL": "https://purse.example"}
NOBODY = "http://127.0.0.1:1"


@pytest.mark.parametrize(
    ("broken", "wanted"),
    [
        (
            {"STRIPE_SECRET_KEY": "sk_test_other", "TELEGRAM_BOT_TOKEN": "1:other",
             "SUPABASE_DB_URL": "postgresql://u:pw@127.0.0.1:1/x"},
            {"stripe": "refuses the key", "telegram": "knows no such bot",
             "database": "is not available"},
        ),
        (
            {"STRIPE_API_BASE": NOBODY, "TELEGRAM_API_BASE": NOBODY,
             "SUPABASE_DB_URL": "postgresql://u:p/w@x:y/z"},
            {"stripe": "Stripe did not answer", "telegram": "does not answer",
             "database": "is not an address"},
        ),
        (
            {**LIVE, "TELEGRAM_WEBHOOK_URL": "https://example.com/x"},
            {"mode": "belongs to test money, the key to live",
             "telegram": "should go to https://ex"},
        ),
    ],
    ids=["wrong", "out of reach", "of another"],
)  # fmt: skip
async def test_each_wrong_setting_is_found_whatever_else_is_wrong(
    clinic: Clinic, broken: dict[str, str], wanted: dict[str, str]
) -> None:
    code, said = await clinic.examine(**broken)
    assert code == 1
    for about, words in wanted.items():
        assert words in said["error", about]


async def test_what_stripe_does_not_tell_us_and_a_wrong_clock_are_found(
    house: House, clinic: Clinic
) -> None:
    listened = sorted(EVENT_TYPES)
    await house.sandbox("POST", "/stripe/faults", only=listened[1:], clock=200)
    code, said = await clinic.examine()
    assert code == 1
    assert f"lacks {listened[0]} " in said["error", "webhook"]
    assert "+200 s" in said["error", "clock"] or "+199 s" in said["error", "clock"]
    code, said = await clinic.examine(
        PUBLIC_URL="http://127.0.0.1:9", STRIPE_SECRET_KEY=GOOD["STRIPE_SECRET_KEY"]
    )
    assert "no endpoint at http://127.0.0.1:9/api" in said["warning", "webhook"]


def test_an_endpoint_that_is_off_or_speaks_another_version_is_found() -> None:
    endpoint = WebhookEndpoint(
        id="we_1", url="x", enabled_events=["*"], status="disabled", api_version=None
    )
    off, version = endpoint_findings(endpoint)
    assert (off.level, off.said) == ("error", "endpoint we_1 is disabled")
    assert (version.level, API_VERSION in version.fix) == ("warning", True)


async def test_a_pending_and_a_changed_migration_are_found(
    clinic: Clinic, owner: "asyncpg.Connection[Any]"
) -> None:
    await owner.execute(
        "update supabase_migrations.pursebot_checksums set sha256 = 'x'"
        " where version like '%000100'"
    )
    assert "20261121000100_foundations.sql" in (await clinic.examine())[1]["error", "database"]
    await owner.execute(
        "delete from supabase_migrations.schema_migrations where version like '%000200'"
    )
    code, said = await clinic.examine()
    assert (code, "pending: 20261121000200_currencies.sql" in said["error", "database"]) == (
        1,
        True,
    )


async def test_over_rest_a_schema_that_is_not_exposed_is_found(
    clinic: Clinic, standin: Standin
) -> None:
    names = ("SUPABASE_SERVICE_ROLE_KEY", "SUPABASE_JWT_SECRET")
    keys = dict(zip(names, (SECRET_KEY, JWT_SECRET), strict=True))
    rest = {"SUPABASE_DB_URL": "", "SUPABASE_URL": standin.url, **keys}
    code, said = await clinic.examine(**rest)
    assert (code, "is exposed" in said["ok", "supabase"], "mode" in str(said)) == (0, True, True)
    standin.exposed = ("public",)
    code, said = await clinic.examine(**rest)
    assert code == 1
    assert "exposed: public Over REST: expose schema `api`" in said["error", "supabase"]


async def test_a_ledger_that_somebody_wrote_to_is_found(
    house: House, clinic: Clinic, owner: "asyncpg.Connection[Any]"
) -> None:
    payment = await house.topup()
    await house.pay(payment)
    await house.until(payment, lambda seen: seen.status == "succeeded")
    change = "update accounts set balance = balance {} 1 where kind = 'wallet'"
    await owner.execute(change.format("+"))
    assert "account differs from its history" in (await clinic.examine())[1]["error", "ledger"]
    await owner.execute(change.format("-"))


async def test_what_waits_for_too_long_is_found(
    house: House, clinic: Clinic, owner: "asyncpg.Connection[Any]"
) -> None:
    await house.sandbox("POST", "/stripe/faults", drop=True)
    credited = await house.topup(key="credited")  # Ben is told of it
    await house.pay(credited)
    await house.client.check_payment(ANA, credited)
    payment = await house.topup()
    raw = await paid_at_stripe(house, payment)
    assert await house.post_event(raw, signed(raw)) == (200, {"state": "done"})
    lost = body("00000000-0000-4000-8000-000000000000")
    assert await house.post_event(lost, signed(lost)) == (200, {"state": "parked"})
    await house.topup(key="overdue")
    await owner.execute("update payments set expires_at = now() - interval '1 hour'")
    await owner.execute("update notifications set due_at = now() - interval '1 hour'")
    await owner.execute("update chats set reachable = false where telegram_chat_id = 1002")
    await owner.execute(
        "insert into telegram_updates (id, telegram_chat_id, body, received_at)"
        " values (1, 1, '{}', now() - interval '1 hour')"
    )
    code, said = await clinic.examine()
    assert code == 1
    assert "Telegram's updates waiting: 1" in said["error", "updates"]
    assert "dead letters: 1" in said["error", "events"]
    assert "the oldest for 36" in said["error", "outbox"]
    assert "still to be told: 1" in said["warning", "outbox"]
    assert "should be over: 1" in said["error", "payments"]
