"""What Stripe's errors mean; why it refused is for log and doctor, not for strangers."""

import inspect
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import pytest
import stripe
import structlog
from aiohttp import web
from stripe import _error
from stripe._api_requestor import _APIRequestor

from backend.database.functions.payments import PaymentRow
from backend.errors import PursebotError
from backend.failures import (
    ChargeUnclear,
    IdempotencyConflict as IDEMPOTENCY,
    StripeConflict,
    StripeFailed,
    StripeRefused,
    StripeUnavailable,
)
from backend.stripe.client import StripeGateway, stripe_gateway
from backend.stripe.errors import OUTCOMES, Outcome, outcome_of, without_secrets
from sandbox.runner.ports import free_ports
from tests.backend.conftest import WEBHOOK_SECRETS, System, listening
from tests.backend.payments.test_charges import balance, charge, intents, post, saved

Json = dict[str, Any]
ROW = PaymentRow.model_validate(
    {
        "id": "7b0c9a52-0000-4000-8000-000000000001", "reference": "P-8717616ECE",
        "organization_id": "7b0c9a52-0000-4000-8000-000000000002", "organization_name": "Acme",
        "paid_by": "Ana", "money": {"amount": "50.00", "amount_minor": 5000, "currency": "eur"},
        "status": "created", "flow": "charge", "url": None, "expires_at": "2030-01-01T00:00:00Z",
        "last_decline": None, "under_review": None, "balance": None, "succeeded_at": None,
        "created_at": "2030-01-01T00:00:00Z", "amount_minor": 5000, "currency": "eur",
        "attempt": 1, "key_hash": None, "language": "en", "sent_at": None, "revoked": False,
        "stripe_customer_id": "cus_1", "stripe_payment_method_id": "pm_1",
        "stripe_checkout_session_id": None, "stripe_payment_intent_id": None,
        "stripe_invoice_id": None,
    }
)  # fmt: skip
REFUSED, UNAVAILABLE = StripeRefused, StripeUnavailable
CONFLICT, FAILED = StripeConflict, StripeFailed
# A definite no is the caller's to change; what is not known, or may pass, is worth another try.
HTTP_STATUSES: dict[type[PursebotError], int] = {
    REFUSED: 422,
    CONFLICT: 409,
    FAILED: 502,
    UNAVAILABLE: 503,
    IDEMPOTENCY: 503,
}
Request = Callable[[StripeGateway], Awaitable[Any]]


async def answered(status: int, error: Json, request: Request) -> Any:
    """What our gateway makes of a Stripe that answers everything with this error."""

    async def handle(_: web.Request) -> web.Response:
        if not error:
            return web.Response(status=status, text="<html>a proxy's page</html>")
        return web.json_response({"error": error}, status=status)

    app = web.Application()
    app.router.add_route("*", "/{rest:.*}", handle)
    [port] = free_ports(1)
    base = f"http://127.0.0.1:{port}"
    async with (
        listening(app, port),
        stripe_gateway("sk_test_x", WEBHOOK_SECRETS, base, base) as own,
    ):
        return await request(own)


INVALID = {"type": "invalid_request_error"}
CHECKOUT = {"amount": "50", "currency": "eur"}
VISA = {"payment_method_id": "pm_card_visa"}


@pytest.mark.parametrize(
    ("status", "error", "looking", "charging"),
    [
        (400, {**INVALID, "message": "Bad.", "param": "amount"}, REFUSED, REFUSED),
        (400, {**INVALID, "code": "payment_intent_unexpected_state"}, CONFLICT, CONFLICT),
        (400, {**INVALID, "code": "charge_already_refunded"}, CONFLICT, CONFLICT),
        (404, {**INVALID, "code": "resource_missing"}, CONFLICT, CONFLICT),
        (401, {**INVALID, "message": "Invalid API Key"}, CONFLICT, CONFLICT),
        (403, {**INVALID, "code": "more_permissions_required"}, CONFLICT, CONFLICT),
        (402, {"type": "card_error", "code": "card_declined"}, REFUSED, REFUSED),
        (400, {"type": "idempotency_error", "message": "x"}, IDEMPOTENCY, IDEMPOTENCY),
        (409, {**INVALID, "code": "idempotency_key_in_use"}, UNAVAILABLE, UNAVAILABLE),
        (409, {**INVALID, "code": "lock_timeout"}, UNAVAILABLE, UNAVAILABLE),
        (429, {**INVALID, "code": "rate_limit"}, UNAVAILABLE, UNAVAILABLE),
        (429, {**INVALID, "code": "lock_timeout"}, UNAVAILABLE, UNAVAILABLE),
        (500, {"type": "api_error", "message": "Sorry."}, FAILED, UNAVAILABLE),
        (502, {}, UNAVAILABLE, UNAVAILABLE),
        (503, {"type": "api_error"}, UNAVAILABLE, UNAVAILABLE),
    ],
    ids=str,
)
async def test_every_error_is_a_definite_no_or_leaves_it_open(
    status: int, error: Json, looking: type[PursebotError], charging: type[PursebotError]
) -> None:
    requests: list[tuple[Request, type[PursebotError]]] = [
        (lambda own: own.get_intent("pi_1"), looking),
        (lambda own: own.charge(ROW), charging),
    ]
    for request, expected in requests:
        with pytest.raises(expected) as caught:
            await answered(status, error, request)
        assert type(caught.value) is expected
        assert caught.value.status == HTTP_STATUSES[expected]


def test_no_class_of_error_is_left_out() -> None:
    """Those of version 2 of the API, which we do not call, are the only others."""
    ours = [kind for kind in vars(_error).values() if isinstance(kind, type)]
    ours = [kind for kind in ours if issubclass(kind, stripe.StripeError)]
    source = inspect.getsource(_APIRequestor.specific_v1_api_error)
    raised = {kind for kind in ours if f"error.{kind.__name__}(" in source}
    assert raised < OUTCOMES.keys()
    assert len(raised) == 7
    assert outcome_of(stripe.StripeError()) is Outcome.UNKNOWN


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("Invalid API Key provided: rk_live_****1234", "Invalid API Key provided: [secret]"),
        ("The provided key 'rk_test_51Ab…XyZ' does", "The provided key '[secret]' does"),
        ("Expired: sk_test_51H", "Expired: [secret]"),
        ("whsec_abc.def is wrong", "[secret] is wrong"),
        ("pi_3Nx_secret_8Kq was", "[secret] was"),
        ("Invalid email address: ana@acme.example", "Invalid email address: [e-mail address]"),
        ("let us know at support@stripe.com", "let us know at support@stripe.com"),
        ("No such customer: 'cus_1'", "No such customer: 'cus_1'"),
        ("x" * 5000, "x" * 600),
    ],
)
def test_nothing_secret_is_written_down(text: str, written: str) -> None:
    assert without_secrets(text) == written


@pytest.fixture
def lines() -> Any:
    """The lines that were logged, as dicts."""
    with structlog.testing.capture_logs(
        processors=[structlog.contextvars.merge_contextvars]
    ) as caught:
        yield caught


async def test_a_charge_without_permission_is_a_failed_payment_and_nobodys_riddle(
    system: System, owner: Any
) -> None:
    await saved(system)
    await system.sandbox("POST", "/stripe/faults", lacks=["payment_intent_write"])
    for _ in range(2):
        refused = await charge(system, reference="order 17")
        assert (refused["http"], refused["status"]) == (201, "failed")
        assert refused["last_decline"] == "more_permissions_required"
    assert (await system.see(UUID(refused["id"]))).status == "failed"
    await system.sandbox("POST", "/stripe/faults", lacks=[])
    assert await intents(system) == []
    paid = await charge(system, "another", reference="order 17")
    assert (paid["status"], await balance(owner)) == ("succeeded", 5000)


@pytest.mark.parametrize(
    ("lacks", "path", "body", "permission"),
    [
        ("product_write", "payments/checkout", CHECKOUT, "Products: Write"),
        ("plan_write", "payments/checkout", CHECKOUT, "Prices: Write"),
        ("checkout_session_write", "payments/methods", {"link": True}, "Checkout Sessions: Write"),
        ("payment_method_write", "payments/methods", VISA, "Payment Methods: Write"),
        ("customer_write", "customers", {}, "Customers: Write"),
        ("customer_portal_write", "payments/portal", {}, "Customer Portal: Write"),
    ],
)
async def test_what_the_key_may_not_do_says_whom_to_ask_and_strangers_no_more(
    system: System, lacks: str, path: str, body: Json, permission: str, lines: list[Json]
) -> None:
    await system.sandbox("POST", "/stripe/faults", lacks=[lacks])
    answer_body = await post(
        system, path, "key", 1001, organization_id=str(system.world.acme), **body
    )
    error = answer_body["error"]
    assert (answer_body["http"], error["code"]) == (409, "stripe_refused")
    assert (
        f"whoever runs the service must give the key the permission {permission}"
        in (error["message"])
    )
    assert error["facts"] == {
        "stripe_code": "more_permissions_required",
        "resolved_by": "operator",
        "permission": permission,
    }
    line = next(line for line in lines if line["event"] == "stripe_error" and lacks in str(line))
    assert line["request_id"] == error["request_id"]
    assert "does not have the required permissions" in line["stripe_message"]
    assert line["stripe_permission"] == permission
    assert line["stripe_call"].startswith("POST /v1/")
    assert line["stripe_request_id"].startswith("req_")
    assert "sk_test" not in str(lines)
    assert line["stripe_request_id"] not in str(answer_body)
    assert "dashboard.stripe.com" not in str(answer_body)


async def test_a_portal_that_nobody_set_up_is_told_as_that(
    system: System, lines: list[Json]
) -> None:
    await system.sandbox("POST", "/stripe/faults", portal_unsaved=True)
    acme = {"organization_id": str(system.world.acme)}
    body = await post(system, "payments/portal", None, 1001, **acme)
    assert (body["http"], body["error"]["code"]) == (409, "stripe_refused")
    assert body["error"]["facts"]["resolved_by"] == "operator"
    assert "customer portal" in body["error"]["message"]
    line = next(line for line in lines if line["event"] == "stripe_error")
    assert (line["stripe_param"], line["stripe_status"]) == ("configuration", "400")


async def test_stripes_silence_is_still_nobody_knows(system: System) -> None:
    await saved(system)
    await system.sandbox("POST", "/stripe/faults", api_500=1)
    assert (await charge(system))["error"]["code"] == ChargeUnclear.code
