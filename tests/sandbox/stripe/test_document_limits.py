"""The local Stripe accepts no request that Stripe's own document forbids.

Requests that are right are changed in one place each: a text that is too long, an unknown value, no
number, an object in the place of a value, a field that nobody knows.
"""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sandbox.stripe.contract import MISSING, load_contract, request_problems
from tests.sandbox.stripe.playground import KEY, Json, Playground, local_stripe, paid

pytestmark = pytest.mark.slow
HEADERS = {"Authorization": f"Bearer {KEY}"}
PRICE = "[price_data][currency]=eur&{0}[price_data][unit_amount]=5000"
ON_A_PAGE = f"line_items[0]{PRICE.format('line_items[0]')}"
BACK = "success_url=https://a.bc&cancel_url=https://a.bc&locale=en&client_reference_id=r"


async def created(play: Playground) -> dict[str, str]:
    """Return ids of objects that requests name, by their kind."""
    ids: dict[str, str] = {"intent": await paid(play)}
    for kind, path, body in (
        ("customer", "customers", "name=Acme"),
        ("product", "products", "name=Wallet"),
        ("method", "payment_methods/pm_card_visa/attach", "customer={customer}"),
        ("subscription", "subscriptions", SUBSCRIBED),
    ):
        answer = await post(play, path, body.format(**ids))
        ids[kind] = answer["id"]
        if kind == "subscription":
            ids["item"] = answer["items"]["data"][0]["id"]
    return ids


async def post(play: Playground, path: str, body: str) -> Json:
    form = HEADERS | {"Content-Type": "application/x-www-form-urlencoded"}
    async with play.http.post(f"{play.url}/v1/{path}", data=body, headers=form) as response:
        answer: Json = await response.json()
    return answer


SUBSCRIBED = (
    f"customer={{customer}}&default_payment_method={{method}}&items[0]{PRICE.format('items[0]')}"
    "&items[0][price_data][product]={product}&items[0][price_data][recurring][interval]=month"
    "&metadata[a]=b&payment_behavior=allow_incomplete"
)
REQUESTS = {
    "payment page": (
        "checkout/sessions",
        f"mode=payment&{BACK}&{ON_A_PAGE}&line_items[0][quantity]=1"
        "&line_items[0][price_data][product_data][name]=n&metadata[a]=b&expires_at={expires_at}"
        "&payment_intent_data[description]=d&payment_intent_data[metadata][a]=b"
        "&customer={customer}&saved_payment_method_options[payment_method_save]=enabled"
        "&custom_text[submit][message]=m",
    ),
    "subscription page": (
        "checkout/sessions",
        f"mode=subscription&{BACK}&{ON_A_PAGE}&line_items[0][quantity]=1&customer={{customer}}"
        "&line_items[0][price_data][product]={product}"
        "&line_items[0][price_data][recurring][interval]=week"
        "&subscription_data[description]=d&subscription_data[metadata][a]=b",
    ),
    "setup page": (
        "checkout/sessions",
        f"mode=setup&{BACK}&customer={{customer}}&currency=eur&setup_intent_data[metadata][a]=b",
    ),
    "intent": (
        "payment_intents",
        "amount=500&currency=eur&automatic_payment_methods[enabled]=true&description=d&metadata[a]=b",
    ),
    "charge": (
        "payment_intents",
        "amount=500&currency=eur&automatic_payment_methods[enabled]=true&confirm=true"
        "&customer={customer}&payment_method={method}&return_url=https://a.bc",
    ),
    "customer": ("customers", "name=Acme&metadata[a]=b"),
    "default": ("customers/{customer}", "invoice_settings[default_payment_method]={method}"),
    "card": (
        "payment_methods/{method}",
        "allow_redisplay=always&card[exp_month]=1&card[exp_year]=2090",
    ),
    "product": ("products", "name=Wallet"),
    "archived": ("products/{product}", "active=true"),
    "subscription": ("subscriptions", SUBSCRIBED),
    "changed": (
        "subscriptions/{subscription}",
        f"items[0][id]={{item}}&items[0]{PRICE.format('items[0]')}&proration_behavior=none"
        "&items[0][price_data][product]={product}&items[0][price_data][recurring][interval]=month"
        "&pause_collection[behavior]=void&cancel_at_period_end=false",
    ),
    "refund": ("refunds", "payment_intent={intent}&amount=1&reason=duplicate&metadata[a]=b"),
    "portal": ("billing_portal/sessions", "customer={customer}&return_url=https://a.bc"),
}


def changed(body: str) -> Iterator[str]:
    """Return bodies that differ from a right one in one parameter each."""
    parameters = [part.split("=", 1) for part in body.split("&")]
    for place, (name, _) in enumerate(parameters):
        for name_now, value in (
            (name, "x" * 5001), (name, "x"), (f"{name}[zzz]", "x"), (f"{name}_zzz", "x"),
        ):  # fmt: skip
            others = parameters[:place] + parameters[place + 1 :]
            yield "&".join(f"{each}={text}" for each, text in [*others, (name_now, value)])
    yield "&".join(f"{name}={value}" for name, value in [*parameters, ("zzz", "x")])


async def test_nothing_is_accepted_that_the_document_forbids(tmp_path: Path) -> None:
    if load_contract() is None:
        pytest.skip(MISSING)
    accepted, refused = [], 0
    async with local_stripe(tmp_path) as play:
        ids = await created(play) | {"expires_at": str(int(time.time()) + 3600)}
        for path, body in REQUESTS.values():
            path, right = path.format(**ids), body.format(**ids)
            assert "error" not in await post(play, path, right), (path, right)
            for wrong in changed(right):
                answer = await post(play, path, wrong)
                if "error" in answer:
                    refused += 1
                elif problems := request_problems("POST", f"/v1/{path}", wrong):
                    accepted.append((path, problems))
    assert accepted == []
    assert refused > 200
