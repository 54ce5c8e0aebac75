"""How events reach the backend, what happens when they do not, and the faults on purpose."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
import stripe

from tests.sandbox.stripe.playground import Backend, Playground, local_stripe

MIX = {
    "payment_intent.created",
    "charge.succeeded",
    "payment_intent.succeeded",
    "checkout.session.completed",
}


async def deliveries(play: Playground) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = (await play.get("deliveries"))["deliveries"]
    return listed


async def settled(play: Playground) -> list[dict[str, Any]]:
    """The deliveries, once nothing is on its way any more."""
    for _ in range(500):
        listed = await deliveries(play)
        if not any(delivery["next"] for delivery in listed):
            return listed
        await asyncio.sleep(0.02)
    raise AssertionError(listed)


async def paid(play: Playground) -> str:
    session = await play.session()
    await play.pay(session.id)
    return session.id


async def test_events_arrive_and_every_answer_is_kept(play: Playground) -> None:
    await paid(play)
    assert set(await play.backend.got(4)) == MIX
    for delivery in await settled(play):
        (attempt,) = delivery["attempts"]
        assert (delivery["state"], attempt["status"], attempt["error"]) == ("delivered", 200, None)
    assert [d["event"] for d in await deliveries(play)] == [
        event["id"] for event in play.stored("event")[::-1]
    ]


async def test_whatever_is_not_2xx_is_tried_again_and_signed_anew(play: Playground) -> None:
    await play.post("faults", only=["checkout.session.completed"])
    play.backend.answers = [500, 302, 404]
    await paid(play)
    assert set(await play.backend.got(4)) == {"checkout.session.completed"}
    (completed,) = [d for d in await settled(play) if d["state"] == "delivered"]
    assert [attempt["status"] for attempt in completed["attempts"]] == [500, 302, 404, 200]
    assert len({event["id"] for event in play.backend.events}) == 1
    assert len(set(play.backend.signatures)) > 1  # as long as it took, seconds went by
    assert {d["state"] for d in await deliveries(play)} == {"delivered", "not selected"}


async def test_deliveries_outlive_a_restart(tmp_path: Path) -> None:
    refusing = Backend(answers=[503] * 4)
    async with local_stripe(tmp_path, refusing) as play:
        await paid(play)
        await refusing.got(4)
    async with local_stripe(tmp_path) as play:
        assert set(await play.backend.got(4)) == MIX
        assert {d["state"] for d in await settled(play)} == {"delivered"}


async def test_nobody_there_is_an_error_and_not_the_end(play: Playground) -> None:
    await play.post("faults", fail_first=2)
    await paid(play)
    assert set(await play.backend.got(4)) == MIX
    for delivery in await settled(play):
        lost = [attempt["error"] for attempt in delivery["attempts"]]
        assert lost == ["lost on the way", "lost on the way", None]


async def test_twice_means_two_posts_of_each_event(play: Playground) -> None:
    await play.post("faults", twice=True)
    await paid(play)
    types = await play.backend.got(8)
    assert {type: types.count(type) for type in types} == dict.fromkeys(MIX, 2)


async def test_dropped_events_are_listed_but_never_posted(play: Playground) -> None:
    await play.post("faults", drop=True)
    await paid(play)
    assert {d["state"] for d in await deliveries(play)} == {"dropped"}
    assert len((await play.sdk.v1.events.list_async()).data) == 4
    assert play.backend.events == []
    (completed,) = [d for d in await deliveries(play) if d["type"].endswith("session.completed")]
    await play.post(f"deliveries/{completed['event']}/again")
    assert await play.backend.got(1) == ["checkout.session.completed"]


async def test_out_of_order_means_the_last_one_first(play: Playground) -> None:
    await play.post("faults", out_of_order=True, only=[*MIX - {"payment_intent.created"}])
    await paid(play)
    assert await play.backend.got(3) == [
        "checkout.session.completed",
        "payment_intent.succeeded",
        "charge.succeeded",
    ]


async def test_late_means_later(play: Playground) -> None:
    await play.post("faults", late=0.3)
    await paid(play)
    assert play.backend.events == []
    assert {d["state"] for d in await deliveries(play)} == {"waiting"}
    await play.backend.got(4)


async def test_an_event_can_be_delivered_once_more(play: Playground) -> None:
    await paid(play)
    await play.backend.got(4)
    event = play.backend.events[0]["id"]
    await play.post(f"deliveries/{event}/again")
    await play.post(f"deliveries/{event}/again", after=0.1)
    await play.backend.got(6)
    assert [e["id"] for e in play.backend.events].count(event) == 3
    await play.post("deliveries/evt_none/again", status=404)


async def test_a_call_that_got_no_answer_was_carried_out_once(play: Playground) -> None:
    await play.post("faults", api_timeout=2)
    session = await play.session(key="payment-1:1")
    assert [made["id"] for made in play.stored("checkout.session")] == [session.id]
    assert len(play.calls) == 3


async def test_a_500_stays_under_its_key(play: Playground) -> None:
    await play.post("faults", api_500=1)
    for _ in range(2):
        with pytest.raises(stripe.APIError, match="on purpose"):
            await play.session(key="payment-1:1", expires_at=None)
    assert play.stored("checkout.session") == []
    assert (await play.session(key="payment-1:2", expires_at=None)).status == "open"


async def test_an_object_of_an_unreadable_kind_is_not_there_by_its_id(play: Playground) -> None:
    session = await play.session()
    await play.post("faults", unreadable=["checkout.session"])
    with pytest.raises(stripe.APIError) as unavailable:
        await play.sdk.v1.checkout.sessions.retrieve_async(session.id)
    assert unavailable.value.http_status == 503
    assert len((await play.sdk.v1.checkout.sessions.list_async()).data) == 1


async def test_a_429_is_not_kept(play: Playground) -> None:
    await play.post("faults", api_429=1)
    with pytest.raises(stripe.RateLimitError):
        await play.session(key="payment-1:1", expires_at=None)
    assert (await play.session(key="payment-1:1", expires_at=None)).status == "open"


async def test_faults_are_set_one_by_one_and_ended_together(play: Playground) -> None:
    healthy = await play.get("faults")
    await play.post("faults", twice=True)
    both = await play.post("faults", late=1.5)
    assert both == {**healthy, "twice": True, "late": 1.5}
    assert await play.post("faults") == healthy


@pytest.mark.parametrize("wrong", [{"thrice": True}, {"twice": 7}, {"late": -1}, {"only": "x"}])
async def test_a_fault_that_cannot_be_is_refused(play: Playground, wrong: dict[str, Any]) -> None:
    refusal = await play.post("faults", status=501 if "thrice" in wrong else 400, **wrong)
    assert next(iter(wrong)) in refusal["error"]["message"]
