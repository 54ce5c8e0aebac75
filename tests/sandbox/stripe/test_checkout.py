"""The local Stripe's API through the real SDK: sessions, refusals, idempotency, events."""

import time
from dataclasses import replace
from typing import Any

import pytest
import stripe
from aiohttp import web

from sandbox.settings import SETTINGS
from sandbox.store import STORE
from sandbox.stripe.api import add_stripe
from tests.sandbox.stripe.playground import IS_DECLINED, Playground


def line(**price: Any) -> list[dict[str, Any]]:
    data = {"currency": "eur", "unit_amount": 5000, "product_data": {"name": "Top-up"}, **price}
    return [{"quantity": 1, "price_data": data}]


async def test_a_new_session_is_open_and_has_no_intent_yet(play: Playground) -> None:
    session = await play.session()
    assert session.id.startswith("cs_test_")
    assert session.url == f"{play.url}/pay/{session.id}"
    assert (session.status, session.payment_status, session.livemode) == ("open", "unpaid", False)
    assert (session.amount_subtotal, session.amount_total, session.currency) == (5000, 5000, "eur")
    assert session.payment_intent is None
    assert session.metadata is not None
    assert session.metadata.to_dict() == {"payment_id": "payment-1"}
    again = await play.sdk.v1.checkout.sessions.retrieve_async(session.id)
    assert again.to_dict() == session.to_dict()


async def test_a_session_lives_a_day_unless_told_otherwise(play: Playground) -> None:
    session = await play.session(expires_at=None)
    assert session.expires_at - session.created in (86_399, 86_400, 86_401)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"mode": None}, "Missing required param: mode."),
        ({"mode": "gift"}, "Invalid mode: must be one of payment, setup, or subscription"),
        ({"locale": "tlh"}, "Invalid locale: must be one of auto, bg, "),
        ({"success_url": None}, "success_url"),
        ({"success_url": "example.com"}, "success_url"),
        ({"client_reference_id": ""}, "client_reference_id"),
        ({"client_reference_id": "x" * 201}, "client_reference_id"),
        ({"metadata": {"k": "v" * 501}}, "metadata"),
        ({"expires_at": int(time.time()) + 1700}, "expires_at"),
        ({"expires_at": int(time.time()) + 90_000}, "expires_at"),
        ({"line_items": line(currency="zzz")}, "zzz"),
        ({"line_items": line(unit_amount="50.5")}, "line_items[0][price_data][unit_amount]"),
        ({"line_items": line(unit_amount="５０００")}, "line_items[0][price_data][unit_amount]"),
        ({"line_items": line(unit_amount=49)}, "must be at least €0.50 eur"),
        ({"line_items": line(currency="isk", unit_amount=50_050)}, "multiples of 100 only"),
        ({"line_items": line(currency="kwd", unit_amount=5_121)}, "multiples of 10 only"),
        (
            {"line_items": [{**line(unit_amount=99_999_999)[0], "quantity": 2}]},
            "must be no more than €999999.99 eur",
        ),
    ],
)
async def test_what_stripe_refuses_is_refused_and_named(
    play: Playground, changes: dict[str, Any], named: str
) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        await play.session(**changes)
    assert refusal.value.http_status == 400
    assert named in f"{refusal.value.param}: {refusal.value}"


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"colour": "red"}, "colour"),
        ({"payment_method_types": ["card"]}, "payment_method_types"),
        ({"locale": "de"}, "locale"),
        ({"line_items": line(currency="aed")}, "the currency aed"),
        ({"ui_mode": "embedded_page"}, "ui_mode"),
        ({"line_items": [*line(), *line()]}, "line_items"),
        ({"line_items": [{"price": "price_1", **line()[0]}]}, "line_items[0][price]"),
        ({"payment_intent_data": {"capture_method": "manual"}}, "[capture_method]"),
    ],
)
async def test_what_we_do_not_have_is_named_in_a_501(
    play: Playground, changes: dict[str, Any], named: str
) -> None:
    with pytest.raises(stripe.APIError) as refusal:
        await play.session(**changes)
    assert refusal.value.http_status == 501
    assert named in str(refusal.value)
    assert len(play.calls) == 1  # the SDK was told not to try again


async def test_a_call_that_is_not_modelled_says_so(play: Playground) -> None:
    with pytest.raises(stripe.APIError, match="POST /v1/coupons"):
        await play.sdk.v1.coupons.create_async({"percent_off": 10})


async def test_only_its_own_key_opens_the_api(play: Playground) -> None:
    stranger: stripe.RequestOptions = {"api_key": "sk_test_other"}
    with pytest.raises(stripe.AuthenticationError):
        await play.sdk.v1.events.list_async({}, stranger)


@pytest.mark.parametrize("key", ["sk_live_51", "rk_live_51", "pk_test_51", ""])
def test_the_sandbox_refuses_to_start_beside_such_a_key(play: Playground, key: str) -> None:
    app = web.Application()
    app[STORE] = play.app[STORE]
    app[SETTINGS] = replace(play.app[SETTINGS], stripe_secret_key=key)
    with pytest.raises(ValueError, match="sk_test_"):
        add_stripe(app)


async def test_the_same_key_and_request_get_the_same_answer(play: Playground) -> None:
    parameters: dict[str, Any] = {"key": "payment-1:1", "expires_at": int(time.time()) + 3600}
    first, second = await play.session(**parameters), await play.session(**parameters)
    assert first.id == second.id
    assert len(play.stored("checkout.session")) == 1
    assert first.last_response is not None
    assert second.last_response is not None
    assert "Idempotent-Replayed" not in first.last_response.headers
    assert second.last_response.headers["Idempotent-Replayed"] == "true"


async def test_another_api_version_is_not_modelled(play: Playground) -> None:
    other: stripe.RequestOptions = {"stripe_version": "2020-08-27"}
    with pytest.raises(stripe.APIError, match="2020-08-27"):
        await play.sdk.v1.events.list_async({}, other)


async def test_the_same_key_with_other_parameters_is_refused(play: Playground) -> None:
    await play.session(key="payment-1:1")
    with pytest.raises(stripe.IdempotencyError):
        await play.session(key="payment-1:1", client_reference_id="payment-2")


async def test_a_key_that_is_forgotten_makes_another_object(play: Playground) -> None:
    first = await play.session(key="payment-1:1")
    assert (await play.post("idempotency_keys/forget")) == {"forgotten": 1}
    assert (await play.session(key="payment-1:1")).id != first.id


async def test_a_key_lives_for_a_day_and_is_forgotten_then(play: Playground) -> None:
    parameters: dict[str, Any] = {"key": "payment-1:1", "expires_at": int(time.time()) + 3600}
    first = await play.session(**parameters)
    await play.post("faults", clock=86_390)
    assert (await play.session(**parameters)).id == first.id
    forgotten = play.app[STORE].get("idempotency_key", "payment-1:1") or {}
    aged = {**forgotten, "created": forgotten["created"] - 20}
    play.app[STORE].put("idempotency_key", "payment-1:1", aged)
    assert (await play.session(**parameters)).id != first.id


async def test_a_rolled_key_opens_nothing_until_it_is_back(play: Playground) -> None:
    await play.post("faults", key_rolled=True)
    with pytest.raises(stripe.AuthenticationError):
        await play.session()
    await play.post("faults", key_rolled=False)
    assert (await play.session()).status == "open"


async def test_a_refusal_leaves_its_key_free(play: Playground) -> None:
    with pytest.raises(stripe.InvalidRequestError):
        await play.session(key="k", line_items=line(unit_amount=1))
    assert (await play.session(key="k")).status == "open"


async def test_only_open_sessions_can_be_expired(play: Playground) -> None:
    session = await play.session()
    await play.pay(session.id, IS_DECLINED)
    expired = await play.sdk.v1.checkout.sessions.expire_async(session.id)
    assert (expired.status, expired.url) == ("expired", None)
    assert [intent["status"] for intent in play.stored("payment_intent")] == ["canceled"]
    assert set((await play.backend.got(5))[3:]) == {
        "payment_intent.canceled",
        "checkout.session.expired",
    }
    with pytest.raises(stripe.InvalidRequestError, match="has a status of `expired`"):
        await play.sdk.v1.checkout.sessions.expire_async(session.id)


async def test_what_is_not_there_is_a_404(play: Playground) -> None:
    for request in (
        play.sdk.v1.checkout.sessions.retrieve_async("cs_test_none"),
        play.sdk.v1.checkout.sessions.expire_async("cs_test_none"),
        play.sdk.v1.events.retrieve_async("evt_none"),
    ):
        with pytest.raises(stripe.InvalidRequestError) as refusal:
            await request
        assert (refusal.value.http_status, refusal.value.code) == (404, "resource_missing")


async def test_events_are_listed_newest_first_by_page_type_and_time(play: Playground) -> None:
    for _ in range(3):
        await play.pay((await play.session()).id)
    whole = [event.id for event in (await play.sdk.v1.events.list_async({"limit": 100})).data]
    assert whole == [event["id"] for event in play.stored("event")][::-1]
    assert len(whole) == 12
    paged = await play.sdk.v1.events.list_async({"limit": 5})
    assert paged.has_more
    assert [event.id async for event in paged.auto_paging_iter()] == whole
    paid = await play.sdk.v1.events.list_async({"types": ["payment_intent.succeeded"]})
    assert {event.type for event in paid.data} == {"payment_intent.succeeded"}
    assert len(paid.data) == 3
    late = await play.sdk.v1.events.list_async({"created": {"gte": int(time.time()) + 5}})
    assert (late.data, late.has_more) == ([], False)
    one = await play.sdk.v1.events.retrieve_async(whole[0])
    assert one.api_version == stripe.api_version
