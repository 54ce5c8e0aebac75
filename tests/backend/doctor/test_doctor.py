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
from tests.backend.conftest import ANA, System
from tests.backend.stripe.test_webhooks import body, paid_at_stripe, signed
from tests.supabase_standin import JWT_SECRET, SECRET_KEY, Standin

UNAVAILABLE = "database.unavailable"  # what cures that, its reason says
FindingsBySubject = dict[tuple[str, str], str]


class DoctorRunner:
    """Runs `doctor` on a system, with settings that can be broken."""

    def __init__(self, system: System, database_url: str) -> None:
        self.settings = {
            **GOOD,
            "SUPABASE_DB_URL": database_url,
            "STRIPE_API_BASE": system.sandbox_url,
            "PUBLIC_URL": system.url,
            "TELEGRAM_API_BASE": system.sandbox_url,
            "TELEGRAM_BOT_TOKEN": "1:sandbox",
            "OPERATOR_NAME": "Acme Ltd",
            "SUPPORT_CONTACT": "@acme_help",
        }

    async def examine(self, *words: str, **changed: str) -> tuple[int | None, FindingsBySubject]:
        """Exit code, and what was said by level and subject."""
        code, output, errors = await run("doctor", "--json", *words, **self.settings | changed)
        assert "Traceback" not in errors, errors
        findings: FindingsBySubject = {}
        for finding in json.loads(output):
            key = (finding["level"], finding["about"])
            findings[key] = f"{findings.get(key, '')}{finding['said']} {finding['fix']}\n"
        for secret in (*GOOD.values(), "whsec_sandbox", "1:sandbox", "u:p"):
            assert secret not in output + errors
        return code, findings


def test_every_sentence_has_one_level_and_what_is_wrong_has_a_cure() -> None:
    for about, sentences in SENTENCES.items():
        for what, text in sentences.items():
            [level] = text.keys() - {"fix"}
            assert level in LEVELS
            assert (level == "ok") == ("fix" not in text) or f"{about}.{what}" == UNAVAILABLE


def problems(findings: FindingsBySubject) -> FindingsBySubject:
    return {key: text for key, text in findings.items() if key[0] != "ok"}


@pytest.fixture
def doctor_runner(system: System, database_url: str) -> DoctorRunner:
    return DoctorRunner(system, database_url)


@pytest.mark.usefixtures("real_processes")
async def test_a_healthy_system_has_no_problem(system: System, doctor_runner: DoctorRunner) -> None:
    await system.pay(await system.topup())
    code, findings = await doctor_runner.examine("--strict")
    assert (code, problems(findings)) == (0, {})
    subjects = {subject for _, subject in findings}
    assert subjects == {
        "settings", "database", "mode", "events", "outbox", "payments", "ledger",
        "stripe", "account", "permission", "clock", "webhook", "telegram",
    }  # fmt: skip
    code, output, _ = await run("doctor", **doctor_runner.settings)
    assert (code, output.splitlines()[0][:8]) == (0, "ok      ")


async def test_wrong_settings_are_told_together(doctor_runner: DoctorRunner) -> None:
    code, findings = await doctor_runner.examine(
        STRIPE_SECRET_KEY="", PORT="x", STRIPE_WEBHOOK_SECRET="no"
    )
    finding = problems(findings)[("error", "settings")]
    assert code == 1
    for name in ("STRIPE_SECRET_KEY", "PORT", "STRIPE_WEBHOOK_SECRET"):
        assert name in finding


LIVE = {"STRIPE_SECRET_KEY": "sk_live_x", "PUBLIC_URL": "https://purse.example"}
NOBODY = "http://127.0.0.1:1"


@pytest.mark.parametrize(
    ("broken", "expected"),
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
    doctor_runner: DoctorRunner, broken: dict[str, str], expected: dict[str, str]
) -> None:
    code, findings = await doctor_runner.examine(**broken)
    assert code == 1
    for about, words in expected.items():
        assert words in findings["error", about]


async def test_what_stripe_does_not_tell_us_and_a_wrong_clock_are_found(
    system: System, doctor_runner: DoctorRunner
) -> None:
    listened = sorted(EVENT_TYPES)
    await system.sandbox("POST", "/stripe/faults", only=listened[1:], clock=200)
    code, findings = await doctor_runner.examine()
    assert code == 1
    assert f"lacks {listened[0]} " in findings["error", "webhook"]
    assert "+200 s" in findings["error", "clock"] or "+199 s" in findings["error", "clock"]
    code, findings = await doctor_runner.examine(
        PUBLIC_URL="http://127.0.0.1:9", STRIPE_SECRET_KEY=GOOD["STRIPE_SECRET_KEY"]
    )
    assert "no endpoint at http://127.0.0.1:9/api" in findings["warning", "webhook"]


def test_an_endpoint_that_is_off_or_speaks_another_version_is_found() -> None:
    endpoint = WebhookEndpoint(
        id="we_1", url="x", enabled_events=["*"], status="disabled", api_version=None
    )
    off, version = endpoint_findings(endpoint)
    assert (off.level, off.said) == ("error", "endpoint we_1 is disabled")
    assert (version.level, API_VERSION in version.fix) == ("warning", True)


async def test_a_pending_and_a_changed_migration_are_found(
    doctor_runner: DoctorRunner, owner: "asyncpg.Connection[Any]"
) -> None:
    await owner.execute(
        "update supabase_migrations.pursebot_checksums set sha256 = 'x'"
        " where version like '%000100'"
    )
    assert "20261130000100_schemas.sql" in (await doctor_runner.examine())[1]["error", "database"]
    await owner.execute(
        "delete from supabase_migrations.schema_migrations where version like '%000200'"
    )
    code, findings = await doctor_runner.examine()
    assert (code, "pending: 20261130000200_refusals.sql" in findings["error", "database"]) == (
        1,
        True,
    )


async def test_over_rest_a_schema_that_is_not_exposed_is_found(
    doctor_runner: DoctorRunner, standin: Standin
) -> None:
    names = ("SUPABASE_SECRET_KEY", "SUPABASE_JWT_SECRET")
    keys = dict(zip(names, (SECRET_KEY, JWT_SECRET), strict=True))
    rest = {"SUPABASE_DB_URL": "", "SUPABASE_URL": standin.url, **keys}
    code, findings = await doctor_runner.examine(**rest)
    assert (code, "is exposed" in findings["ok", "supabase"], "mode" in str(findings)) == (
        0,
        True,
        True,
    )
    standin.exposed = ("public",)
    code, findings = await doctor_runner.examine(**rest)
    assert code == 1
    assert "exposed: public Over REST: expose schema `api`" in findings["error", "supabase"]


async def test_a_ledger_that_somebody_wrote_to_is_found(
    system: System, doctor_runner: DoctorRunner, owner: "asyncpg.Connection[Any]"
) -> None:
    payment = await system.topup()
    await system.pay(payment)
    await system.until(payment, lambda seen: seen.status == "succeeded")
    change = "update accounts set balance = balance {} 1 where kind = 'wallet'"
    await owner.execute(change.format("+"))
    assert (
        "account differs from its history" in (await doctor_runner.examine())[1]["error", "ledger"]
    )
    await owner.execute(change.format("-"))


async def test_what_waits_for_too_long_is_found(
    system: System, doctor_runner: DoctorRunner, owner: "asyncpg.Connection[Any]"
) -> None:
    await system.sandbox("POST", "/stripe/faults", drop=True)
    credited = await system.topup(key="credited")  # Ben is told of it
    await system.pay(credited)
    await system.client.check_payment(ANA, credited)
    payment = await system.topup()
    raw = await paid_at_stripe(system, payment)
    assert await system.post_event(raw, signed(raw)) == (200, {"state": "done"})
    lost = body("00000000-0000-4000-8000-000000000000")
    assert await system.post_event(lost, signed(lost)) == (200, {"state": "dead_letter"})
    await system.topup(key="overdue")
    await owner.execute("update payments set expires_at = now() - interval '1 hour'")
    await owner.execute("update notifications set due_at = now() - interval '1 hour'")
    await owner.execute("update chats set reachable = false where telegram_chat_id = 1002")
    await owner.execute(
        "insert into telegram_updates (id, telegram_chat_id, body, received_at)"
        " values (1, 1, '{}', now() - interval '1 hour')"
    )
    code, findings = await doctor_runner.examine()
    assert code == 1
    assert "Telegram's updates waiting: 1" in findings["error", "updates"]
    assert "dead letters: 1" in findings["error", "events"]
    assert "the oldest for 36" in findings["error", "outbox"]
    assert "notifications queued: 1" in findings["warning", "outbox"]
    assert "after their time: 1" in findings["error", "payments"]


@pytest.mark.parametrize(
    ("changed", "missing"),
    [
        ({"OPERATOR_NAME": ""}, "OPERATOR_NAME not set"),
        ({"SUPPORT_CONTACT": ""}, "OPERATOR_CONTACT not set"),
        ({"OPERATOR_NAME": "", "SUPPORT_CONTACT": ""}, "OPERATOR_NAME and OPERATOR_CONTACT not"),
        ({"SUPPORT_CONTACT": "", "OPERATOR_CONTACT": "law@acme.example"}, ""),
        ({"OPERATOR_NAME": "", "LEGAL_TEXTS": "texts of our own"}, ""),
    ],
)
async def test_legal_texts_that_name_nobody_are_found(
    doctor_runner: DoctorRunner, changed: dict[str, str], missing: str
) -> None:
    _, findings = await doctor_runner.examine(**changed)
    warning = findings.get(("warning", "telegram"), "")
    assert missing in warning
    assert bool(missing) == bool(warning)
