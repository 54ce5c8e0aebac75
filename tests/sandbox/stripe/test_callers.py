"""Any client may call the local Stripe: what it does not know it says, in one sentence.

Calls are made without an SDK, as curl makes them.
"""

import base64
from typing import Any

import pytest

from tests.sandbox.stripe.playground import KEY, SECRET, Json, Playground, customer, paid

BEARER = {"Authorization": f"Bearer {KEY}"}


async def call(
    play: Playground, method: str, path: str, body: str | None = None, **headers: str
) -> tuple[int, Json]:
    """Call a path with headers (their names with `_`); return status and answer."""
    form = {"Content-Type": "application/x-www-form-urlencoded"} if body else {}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    url = f"{play.url}{path}"
    async with play.http.request(method, url, data=body, headers=form | BEARER | named) as answer:
        return answer.status, await answer.json()


def basic(user: str, password: str = "") -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


@pytest.mark.parametrize(
    ("authorization", "status"),
    [
        (basic(KEY), 200),  # as `curl -u sk_test_...:`
        (basic(KEY, "ignored"), 200),
        (f"bearer {KEY}", 200),
        (basic("sk_test_other"), 401),
        (basic(""), 401),
        ("Basic ???", 401),
        ("Bearer ", 401),
        (f"Token {KEY}", 401),
    ],
)
async def test_the_key_is_a_bearer_token_or_a_user_name(
    play: Playground, authorization: str, status: int
) -> None:
    assert (await call(play, "GET", "/v1/events", Authorization=authorization))[0] == status


async def test_a_wrong_key_is_named_without_being_shown(play: Playground) -> None:
    key = "sk_test_1234567890abcdef"
    _, answer = await call(play, "GET", "/v1/events", Authorization=f"Bearer {key}")
    message = answer["error"]["message"]
    assert message.startswith("Invalid API Key provided: sk_test_************cdef.")
    _, nothing = await call(play, "GET", "/v1/events", Authorization="Token x")
    assert nothing["error"]["message"].startswith("You did not provide an API key.")


@pytest.mark.parametrize(
    ("method", "path", "body", "headers", "named"),
    [
        ("GET", "/v1/coupons", None, {}, "GET /v1/coupons"),
        ("PUT", "/v1/customers", None, {}, "PUT /v1/customers"),
        ("GET", "/v1/customers/search?query=x", None, {}, "GET /v1/customers/search"),
        ("POST", "/v1/invoices/create_preview", "a=1", {}, "POST /v1/invoices/create_preview"),
        ("GET", "/v2/core/accounts", None, {}, "GET /v2/core/accounts"),
        ("GET", "/v2/core/event_destinations?expand[]=a", None, {}, "expand[a]"),
        ("GET", "/v1/events", None, {"Stripe_Account": "acct_1"}, "the header Stripe-Account"),
        ("GET", "/v1/events", None, {"Stripe_Context": "acct_1"}, "the header Stripe-Context"),
        ("GET", "/v1/events", None, {"Stripe_Version": "2020-08-27"}, "API version 2020-08-27"),
        ("GET", "/v1/charges?expand[]=data.review", None, {}, "expand[data.review]"),
        ("GET", "/v1/charges?transfer_group=a", None, {}, "transfer_group"),
        ("POST", "/v1/customers", "name=a&address[city]=b", {}, "address"),
        ("POST", "/v1/customers?phone=1", "name=a", {}, "phone"),
        ("POST", "/v1/customers", "name=a&stripe=b", {}, "stripe"),
        ("POST", "/v1/products", "name=a&images[]=b", {}, "images"),
        ("POST", "/v1/products/prod_1", "id=prod_2", {}, "the parameter id"),
        ("DELETE", "/v1/subscriptions/sub_1", "prorate=true", {}, "prorate"),
        ("POST", "/v1/subscriptions", "items[][quantity]=1", {}, "items[0]"),
        ("POST", "/v1/payment_intents", "amount=500&currency=eur", {}, "automatic_payment_methods"),
        ("POST", "/v1/refunds", "charge=ch_1", {}, "charge"),
        ("POST", "/v1/customers", "<a/>", {"Content_Type": "text/xml"}, "text/xml"),
    ],
)
async def test_what_it_does_not_know_is_a_501_in_one_sentence(
    play: Playground,
    method: str,
    path: str,
    body: str | None,
    headers: dict[str, str],
    named: str,
) -> None:
    await paid(play)
    status, answer = await call(play, method, path, body, **headers)
    message = answer["error"]["message"]
    assert (status, message.startswith("the sandbox does not model ")) == (501, True), answer
    assert named in message


@pytest.mark.parametrize(
    ("path", "body", "headers", "error"),
    [
        ("customers", "name=" + "x" * 257, {}, {"message": "at most 256 characters"}),
        ("refunds", "amount=1", {}, {"message": "payment_intent or charge."}),
        ("customers", "name=", {}, {"code": "parameter_invalid_empty", "param": "name"}),
        ("customers", "name[a]=b", {}, {"code": "parameter_invalid_string", "param": "name"}),
        ("customers", "name=a&name[b]=c", {}, {"message": "Invalid object", "param": "name[b]"}),
        ("customers", "name[b]=c&name=a", {}, {"message": "Invalid string", "param": "name"}),
        ("customers", "name]=a", {}, {"message": "Invalid parameter name", "param": "name]"}),
        ("customers", "{}", {"Content_Type": "application/json"}, {"message": "POST content type"}),
        ("customers", "name=a&metadata=b", {}, {"message": "Invalid object", "param": "metadata"}),
        (
            "customers",
            "name=a",
            {"Stripe_Version": "new"},
            {"message": "Invalid Stripe API version: new"},
        ),
        (
            "customers",
            "name=a&" + "&".join(f"metadata[k{number}]=v" for number in range(51)),
            {},
            {"message": "Metadata can have up to 50 keys, but you've set 51."},
        ),
        (
            "customers",
            f"name=a&metadata[{'k' * 41}]=v",
            {},
            {"message": "Metadata keys can have up to 40 characters, but you passed in a key that"},
        ),
        (
            "customers",
            "name=a",
            {"Idempotency_Key": "k" * 256},
            {"message": "up to 255 characters"},
        ),
        (
            "customers",
            "name=a&expand[]=a.b.c.d.e",
            {},
            {"message": "You cannot expand more than 4 levels", "param": "expand"},
        ),
        ("payment_intents", "currency=eur", {}, {"code": "parameter_missing", "param": "amount"}),
        (
            "payment_intents",
            "amount=1e3&currency=eur&automatic_payment_methods[enabled]=true",
            {},
            {"code": "parameter_invalid_integer", "message": "Invalid integer: 1e3"},
        ),
        (
            "payment_intents",
            "amount=49&currency=eur&automatic_payment_methods[enabled]=true",
            {},
            {"code": "amount_too_small", "message": "Amount must be at least €0.50 eur"},
        ),
        (
            "payment_intents",
            "amount=100000000&currency=eur&automatic_payment_methods[enabled]=true",
            {},
            {"code": "amount_too_large", "message": "Amount must be no more than €999999.99 eur"},
        ),
        (
            "payment_intents",
            "amount=500&currency=eur&automatic_payment_methods[enabled]=yes",
            {},
            {"message": "Invalid boolean: yes"},
        ),
        (
            "payment_intents",
            "amount=500&currency=euro&automatic_payment_methods[enabled]=true",
            {},
            {"message": "Invalid currency: euro.", "param": "currency"},
        ),
        (
            "refunds",
            "payment_intent=pi_none",
            {},
            {"code": "resource_missing", "param": "payment_intent"},
        ),
        (
            "refunds",
            "payment_intent=pi_1&reason=x",
            {},
            {"message": "Invalid reason: must be one of"},
        ),
        (
            "billing_portal/sessions",
            "customer=cus_none&return_url=https://a.bc",
            {},
            {"message": "No such customer: 'cus_none'", "param": "customer"},
        ),
        (
            "billing_portal/sessions",
            "customer=cus_none&return_url=a.bc",
            {},
            {"code": "url_invalid", "message": "Not a valid URL"},
        ),
    ],
)
async def test_what_stripe_refuses_is_refused_in_its_words(
    play: Playground, path: str, body: str, headers: dict[str, str], error: dict[str, str]
) -> None:
    status, answer = await call(play, "POST", f"/v1/{path}", body, **headers)
    assert status == 400, answer
    assert error.items() <= (answer["error"] | {"message": error.get("message")}).items(), answer
    assert error.get("message", "") in answer["error"]["message"]


async def test_what_is_not_there_is_refused_by_how_it_is_named(play: Playground) -> None:
    for path, name in (("customers", "customer"), ("payment_methods", "PaymentMethod")):
        status, answer = await call(play, "GET", f"/v1/{path}/none")
        assert status == 404
        assert answer["error"] == {
            "type": "invalid_request_error",
            "code": "resource_missing",
            "message": f"No such {name}: 'none'",
            "param": "id",
        }
    status, answer = await call(play, "GET", "/v1/customers?starting_after=cus_none")
    assert (status, answer["error"]["param"]) == (400, "starting_after")


async def test_every_call_expands_what_it_answers(play: Playground) -> None:
    who = await customer(play)
    _, made = await call(play, "GET", f"/v1/customers/{who}")
    assert made["id"] == who
    method = (
        await call(play, "POST", "/v1/payment_methods/pm_card_visa/attach", f"customer={who}")
    )[1]
    for body in ("expand[]=customer", "expand[0]=customer"):
        path = f"/v1/payment_methods/{method['id']}"
        assert (await call(play, "GET", f"{path}?{body}"))[1]["customer"] == made
        assert (await call(play, "POST", path, body))[1]["customer"] == made
        assert (await call(play, "GET", path))[1]["customer"] == who
    amount = "amount=500&currency=eur&automatic_payment_methods[enabled]=true"
    charge = f"{amount}&customer={who}&payment_method={method['id']}&confirm=true"
    both = "expand[]=latest_charge.balance_transaction&expand[]=payment_method"
    _, intent = await call(
        play, "POST", "/v1/payment_intents", f"{charge}&return_url=https://a.bc&{both}"
    )
    assert intent["latest_charge"]["balance_transaction"]["fee"] > 0
    assert intent["payment_method"]["customer"] == who
    _, listed = await call(play, "GET", "/v1/charges?expand[]=data.payment_intent")
    assert listed["data"][0]["payment_intent"]["id"] == intent["id"]


async def test_a_key_is_for_one_endpoint_and_its_parameters(play: Playground) -> None:
    async def post(path: str, body: str) -> Any:
        return await call(play, "POST", f"/v1/{path}", body, Idempotency_Key="key-1")

    status, first = await post("customers", "name=a")
    assert (status, (await post("customers", "name=a"))[1]["id"]) == (200, first["id"])
    for path, body, words in (
        ("customers", "name=b", "with the same parameters they were first used with"),
        ("products", "name=a", "for the same endpoint they were first used for ('/v1/customers')"),
    ):
        status, answer = await post(path, body)
        assert (status, answer["error"]["type"]) == (400, "idempotency_error")
        assert (
            f"Keys for idempotent requests can only be used {words}." in answer["error"]["message"]
        )
    assert SECRET not in str(first)
