"""One table says what the key must be allowed; doctor, the documents and the calls agree on it."""

import ast
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import stripe

from backend.stripe.permissions import PERMISSIONS, missing_permission, permission_names
from tests.backend.conftest import System
from tests.backend.doctor.test_doctor import DoctorRunner

ROOT = Path(__file__).parents[2]
BEGINS = ("A restricted key works too, with write access to", "and read access to")
SLUGS = {permission.name: permission.slug for permission in PERMISSIONS}
CALLS = [(call, permission.title) for permission in PERMISSIONS for call in permission.calls]


def calls_in_the_code() -> Iterator[str]:
    """`POST /v1/refunds` for each `self._stripe.refunds.create_async(...)` of the backend."""
    client = stripe.StripeClient("sk_test_nobody")
    for file in sorted((ROOT / "backend").glob("**/*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            written = ast.unparse(node) if isinstance(node, ast.Attribute) else ""
            if re.fullmatch(r"\w+\._stripe\.[\w.]+_async", written):
                service: Any = client.v1
                for name in written.split(".")[2:]:
                    service = getattr(service, name)
                source = inspect.getsource(service)
                named = re.search(r'"(get|post|delete)",\s*"(/v1/[^"]+)"', source)
                assert named, written
                yield f"{named[1].upper()} {named[2]}"


def test_every_call_that_the_code_can_make_is_in_the_table_and_no_other() -> None:
    listed = [call for permission in PERMISSIONS for call in permission.calls]
    assert len(listed) == len(set(listed))
    assert set(calls_in_the_code()) == set(listed)


@pytest.mark.parametrize(("call", "title"), CALLS)
def test_a_refusal_that_names_no_permission_is_named_by_the_call(call: str, title: str) -> None:
    sent = re.sub(r"{\w+}", "obj_1Nv0FGQ9RKHgCVdK", call)
    assert missing_permission("Having more permission would allow this.", sent) == title


@pytest.mark.parametrize(
    ("message", "title"),
    [
        ("The provided key 'rk_test_x_read' does not have the required permissions for this"
         " endpoint on account 'acct_1'. Having the 'rak_charge_write' permission would allow"
         " this request to continue.", "Charges and Refunds: Write"),
        ("Permission denied. Enabling Webhook Endpoints, Event Destinations Read"
         " ('webhook_read') permissions on this key would allow this request to continue.",
         "Webhook Endpoints: Read"),
        ("Having the 'rak_customer_write' and 'rak_payment_method_read' permissions would allow"
         " this request to continue.", "Customers: Write, Payment Methods: Write"),
        ("Having the 'rak_accounts_kyc_id_numbers_read' permission would allow it.",
         "accounts_kyc_id_numbers_read"),
        ("Something else is not allowed.", None),
    ],
)  # fmt: skip
def test_stripes_wordings_of_a_refusal_name_the_row(message: str, title: str | None) -> None:
    assert missing_permission(message, "GET /v1/unheard_of") == title


def test_going_live_lists_exactly_the_tables_permissions() -> None:
    page = " ".join((ROOT / "docs" / "going-live.md").read_text(encoding="utf-8").split())
    write, read = (page.split(begins, 1)[1] for begins in BEGINS)
    for text, level in ((write.split(BEGINS[1])[0], "write"), (read.split(".")[0], "read")):
        # "Charges and Refunds" is one row.
        joined = text.replace("Charges and Refunds", "Charges+Refunds").strip(" ,")
        rows = [row.strip() for row in re.split(r", and |, | and ", joined)]
        assert [row.replace("+", " and ") for row in rows] == permission_names(level)


@pytest.mark.parametrize("row", [permission.name for permission in PERMISSIONS])
async def test_each_permission_that_a_key_lacks_is_noticed_and_no_other(
    system: System, row: str
) -> None:
    level = next(each.level for each in PERMISSIONS if each.name == row)
    await system.sandbox("POST", "/stripe/faults", lacks=[f"{SLUGS[row]}_{level}"])
    lacking = [
        each.name for each in PERMISSIONS if not await system.services.stripe.has_permission(each)
    ]
    assert lacking == [row]


async def test_probes_change_nothing(system: System) -> None:
    before = [(kind, len(list(system.store.list(kind)))) for kind in KINDS]
    assert all([await system.services.stripe.has_permission(each) for each in PERMISSIONS])
    assert before == [(kind, len(list(system.store.list(kind)))) for kind in KINDS]


KINDS = ("event", "customer", "product", "refund", "payment_intent", "checkout.session")


@pytest.fixture
def doctor_runner(system: System, database_url: str) -> DoctorRunner:
    return DoctorRunner(system, database_url)


async def test_doctor_says_which_row_to_set_and_what_is_not_set_up(
    system: System, doctor_runner: DoctorRunner
) -> None:
    lacks = ["plan_write", "event_read", "charge_write"]
    await system.sandbox("POST", "/stripe/faults", lacks=lacks, portal_unsaved=True)
    code, findings = await doctor_runner.examine()
    assert code == 1
    problems = findings["error", "permission"]
    assert [row for row in SLUGS if f"lacks {row}:" in problems] == [
        "Prices", "Charges and Refunds", "Events",
    ]  # fmt: skip
    assert "set Prices to Write" in problems
    assert "never saved" in findings["warning", "portal"]


async def test_doctor_repeats_stripes_own_words_about_a_key_without_the_key(
    doctor_runner: DoctorRunner,
) -> None:
    code, findings = await doctor_runner.examine(STRIPE_SECRET_KEY="sk_test_another")
    assert code == 1
    problems = findings["error", "stripe"]
    assert "takes no API key but" in problems
    assert "request req_" in problems
    assert "another" not in problems
